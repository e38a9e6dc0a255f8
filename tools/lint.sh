#!/bin/bash
# The rules that a machine can check: format, include directions, shape of the code, banned functions, scripts.
set -u
cd "$(dirname "$0")/.." || exit 1
mapfile -t code < <(git ls-files -co --exclude-standard '*.c' '*.h')
mapfile -t ours < <(printf '%s\n' "${code[@]}" | grep -v '^tests/')
failed=0
check() {
        local what=$1
        shift
        if "$@"; then echo "lint: $what: ok"; else
                echo "lint: $what: FAILED"
                failed=1
        fi
}
# shellcheck disable=SC2317 # called through check
# Finds a pattern in code (not in comments or strings); succeeds when there is none.
absent() {
        local pattern=$1
        shift
        ! awk -v pattern="$pattern" '{
                line = $0
                gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
                sub(/\/\/.*/, "", line)
                gsub(/\/\*[^*]*\*\//, "", line)
                if (line ~ /^ *\/?\*/) next
                if (match(line, "(^|[^A-Za-z0-9_.>])(" pattern ") *\\(")) print FILENAME ":" FNR ": " $0
        }' "$@" | grep .
}
mapfile -t outside_base < <(printf '%s\n' "${ours[@]}" | grep -v '^engine/base/')
mapfile -t outside_daemon < <(printf '%s\n' "${ours[@]}" | grep -vE '^(daemon|cli|bench)/')
mapfile -t tests < <(printf '%s\n' "${code[@]}" | grep '^tests/.*[.]c$')
mapfile -t scripts < <(git ls-files -co --exclude-standard '*.sh' .ci/run)
check "format" clang-format --dry-run -Werror "${code[@]}"
check "include directions" awk -f tools/includes.awk "${ours[@]}"
check "shape" awk -f tools/shape.awk "${code[@]}"
check "promises" awk -f tools/promises.awk "${tests[@]}" docs/promises/*.md
check "banned functions" absent 'strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|gets|alloca' "${code[@]}"
check "raw memory" absent 'malloc|calloc|realloc|free|strdup|strndup|aligned_alloc' "${outside_base[@]}"
check "exits" absent 'exit|_exit|abort' "${outside_daemon[@]}"
check "scripts" shellcheck "${scripts[@]}"
exit $failed
