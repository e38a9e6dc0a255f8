#!/bin/bash
# Writes docs/ops.md: which of TensorFlow's ops (facts/ops.tsv of $SESSRUN_SHARED) are registered, by the folder that their
# object file lies in, and why the others are not. With --check only compares, and says so when there are no facts.
# usage: ops_doc.sh [--check] BUILD_DIR
set -eu
cd "$(dirname "$0")/.."
check=
if [ "$1" = --check ]; then
        check=1
        shift
fi
facts=${SESSRUN_SHARED:-../shared}/facts/ops.tsv
if [ ! -f "$facts" ]; then
        echo "ops_doc: no list of TensorFlow's ops: skipped"
        exit 0
fi
out=$(mktemp)
trap 'rm -f "$out"' EXIT
tools/op_families.sh "$1" |
        awk -F'\t' -f tools/ops_doc.awk - "$facts" >"$out"
if [ -z "$check" ]; then
        cp "$out" docs/ops.md
elif ! diff -u docs/ops.md "$out"; then
        echo "ops_doc: docs/ops.md is not what 'make docs' writes"
        exit 1
fi
