#!/bin/bash
# Do the models of ../shared get the same verdicts whatever is optimized, and on however many threads? Plays the corpora
# in each of the ways named (on, again, off, one-thread-on, one-thread-off) and compares with `on`, of this run or the last
# `make conformance`: the same outcomes, and of `again` the same values, bit by bit.
# usage: verdicts.sh BUILD_DIR MIN_PASS WAY...
set -eu
build=$1 min=$2
shift 2
one=',"intraOpParallelismThreads":1,"interOpParallelismThreads":1,"usePerSessionThreads":true'
off=',"graphOptions":{"optimizerOptions":{"optLevel":"L0"},"rewriteOptions":{"disableMetaOptimizer":true}}'
failed=0

# play WAY
play() {
        local config=
        case $1 in *off) config+=$off ;; esac
        case $1 in one-thread*) config+=$one ;; esac
        echo "verdicts: $1"
        "$build/tests/conformance/conformance" --daemon "$build/sessrund" --min-pass "$min" --verdicts "$build/verdicts.$1" \
                --config "{\"allowSoftPlacement\":true$config}" >"$build/verdicts.log" || {
                cat "$build/verdicts.log"
                failed=1
        }
        tail -1 "$build/verdicts.log"
}
# compare WAY COLUMNS WHAT: with `on`; at most 20 differences are printed
compare() {
        diff <(cut -f"$2" "$build/verdicts.on") <(cut -f"$2" "$build/verdicts.$1") >"$build/verdicts.diff" && return
        echo "verdicts: other $3 than on: $1"
        head -20 "$build/verdicts.diff"
        failed=1
}

[ -d "${SESSRUN_SHARED:-../shared}/models" ] || {
        echo "verdicts: no models in ${SESSRUN_SHARED:-../shared}: skipped"
        exit 0
}
for way; do
        play "$way"
        compare "$way" 1,2 outcomes
        case $way in again) compare "$way" 1-3 values ;; esac
done
echo "verdicts: $# ways played; $(cut -f3 "$build/verdicts.on" | grep -c .) of $(wc -l <"$build/verdicts.on") trials have values that random numbers do not change"
exit $failed
