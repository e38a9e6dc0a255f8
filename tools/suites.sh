#!/bin/bash
# Runs test programs one after another and prints one line of counts for each. Fails when one fails, or when sanitizers
# wrote a log (Criterion's exit status knows nothing of leaks).
# usage: suites.sh BUILD_DIR PROGRAM...
set -u
build=$1
shift
logs=$PWD/$build/log
rm -rf "$logs"
mkdir -p "$logs"
export ASAN_OPTIONS=log_path=$logs/asan:detect_stack_use_after_return=1:allocator_may_return_null=1
export LSAN_OPTIONS=suppressions=$PWD/tests/lsan.supp:print_suppressions=0
export UBSAN_OPTIONS=log_path=$logs/ubsan:print_stacktrace=1:halt_on_error=1
export TSAN_OPTIONS=log_path=$logs/tsan
export SESSRUND=$PWD/$build/sessrund SESSRUN=$PWD/$build/sessrun
read -ra flags <<<"${TEST_FLAGS:-}"
failed=0

# Its output goes to a file, its exit status and how long it took to another.
run() {
        local name start=$SECONDS status
        name=$(basename "$1")
        "$1" "${flags[@]}" >"$logs/$name.out" 2>&1
        status=$?
        # On a busy machine Criterion's own process, in which no test runs, may die of itself: that says nothing.
        if [[ $name == test_* && $status -eq 139 ]] && ! grep -q 'Synthesis:' "$logs/$name.out"; then
                echo "$name: Criterion itself died; once more"
                "$1" "${flags[@]}" >"$logs/$name.out" 2>&1
                status=$?
        fi
        echo "$status $((SECONDS - start))" >"$logs/$name.status"
}

report() {
        local name summary status seconds
        name=$(basename "$1")
        read -r status seconds <"$logs/$name.status"
        grep -vE '^\[(RUN |PASS)' "$logs/$name.out" | grep -v '^\[====\] Running' | grep -v Synthesis
        summary=$(grep -h 'Synthesis:' "$logs/$name.out" | tail -1)
        if [ -n "$summary" ]; then
                echo "$name: ${summary##*] }($seconds s)"
        elif [ "$status" -eq 0 ]; then
                echo "$name: passed ($seconds s)"
        else
                echo "$name: Synthesis: Tested: 1 | Passing: 0 | Failing: 0 | Crashing: 1 (exit status $status)"
        fi
        [ "$status" -eq 0 ] || failed=1
}

# Suites use all processors by themselves; the other programs share them.
others=()
for program; do
        if [[ $(basename "$program") == test_* ]]; then
                run "$program"
                report "$program"
        else
                others+=("$program")
        fi
done
for program in "${others[@]}"; do
        [ "$(jobs -rp | wc -l)" -lt "$(nproc)" ] || wait -n
        run "$program" &
done
wait
for program in "${others[@]}"; do
        report "$program"
done
for log in "$logs"/asan.* "$logs"/ubsan.* "$logs"/tsan.*; do
        # A refused allocation is only a warning: the tests ask for some.
        grep -qE 'ERROR|SUMMARY|runtime error|WARNING: ThreadSanitizer' "$log" 2>/dev/null || continue
        echo "--- ${log##*/}"
        head -40 "$log"
        failed=1
done
exit $failed
