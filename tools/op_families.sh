#!/bin/bash
# Prints each registered op and its family: the folder below engine/ that its object file lies in.
# usage: op_families.sh BUILD_DIR
set -eu
find "$1/engine" -name '*.o' -exec nm -A {} + |
        sed -nE 's|^.*/engine/(kernels/)?([a-z_]+)/[^:]*:.* op_ptr_([A-Za-z0-9_]+)$|\3\t\2|p'
