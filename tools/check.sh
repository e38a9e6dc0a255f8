#!/bin/bash
# Runs the given make targets one after another, all of them, and names those that failed. A target may bring variables:
# "damage DAMAGE=200".
set -u
failed=
for target; do
        echo "== $target"
        read -r goal variable <<<"$target"
        ${MAKE:-make} "$goal" ${variable:+"$variable"} || failed="$failed $goal"
done
[ -z "$failed" ] || {
        echo "failed:$failed"
        exit 1
}
