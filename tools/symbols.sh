#!/bin/bash
# No global name of ours is one of a library's: the linker would let ours take its place, in the library, too.
# usage: symbols.sh PROGRAM
set -eu
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
nm "$program" | awk '$2 ~ /^[TDBR]$/ && $3 !~ /^_/ { print $3 }' | sort -u >"$work/ours"
ldd "$program" | awk '$3 ~ /^\// { print $3 }' | while read -r library; do
        nm -D --defined-only "$library" 2>/dev/null | awk '$2 ~ /^[TDBRWVi]$/ { sub(/@.*/, "", $3); print $3 }'
done | sort -u >"$work/theirs"
# Meant to: daemon/getenv.c.
if comm -12 "$work/ours" "$work/theirs" | grep -vx "getenv"; then
        echo "symbols: $program defines names of libraries"
        exit 1
fi
