#!/bin/bash
# Runs the given make targets one after another, all of them, and names those that failed. A target may bring variables,
# quoted as for a shell: "damage DAMAGE=200".
set -u
failed=
for target; do
        echo "== $target"
        start=$SECONDS
        eval "${MAKE:-make} $target" || failed="$failed ${target%% *}"
        echo "== $((SECONDS - start)) s"
done
[ -z "$failed" ] || {
        echo "failed:$failed"
        exit 1
}
