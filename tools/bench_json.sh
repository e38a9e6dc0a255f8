#!/bin/bash
# Builds and runs bench/json_bench at -O3. simdjson takes part when its header and a C++ compiler are there.
set -eu
build=build/bench
mkdir -p "$build"
peers=()
if [ -e /usr/include/simdjson.h ] && command -v g++ >/dev/null; then
        g++ -std=c++17 -O3 -I. -c bench/json_peers.cc -o "$build/json_peers.o"
        peers=("$build/json_peers.o" -lsimdjson -lstdc++)
fi
sources=(api/body_move.c api/json_{element,floats,nested,number,number_write,parts,plain,scan,string,tensor,tensor_write,wide}.c api/npy.c api/pow10.c
        engine/base/{arena,base64,buf,map,mem,mem_large,mem_text,nearest,status,utf8}.c engine/tensor/{dtype,shape,tensor}.c)
${CC:-gcc} -std=gnu17 -D_GNU_SOURCE -O3 -g -fno-math-errno -I. bench/json_bench.c "${sources[@]}" "${peers[@]}" \
        -ljansson -lm -pthread -o "$build/json_bench"
exec "$build/json_bench"
