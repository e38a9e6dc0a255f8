#!/bin/bash
# Which ops have the suites seen at their edges? Reads the log that they left (tests/lib/kernel_log.h) and prints for each
# family how many of its ops ran, ran with a tensor of no elements, and gave an error that a test expected. Those that lack
# one are in BUILD_DIR/edges.missing. tests/ops/edges.txt says which ops cannot have them;
# no other may lack one.
# usage: op_edges.sh BUILD_DIR LOG
set -eu
cd "$(dirname "$0")/.."
tools/op_families.sh "$1" | sort |
        awk -v missing="$1/edges.missing" -f tools/op_edges.awk tests/ops/edges.txt - "$2"
