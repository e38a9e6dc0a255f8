#!/bin/bash
# Runs the benchmarks of a build folder in the environment that the daemon makes for itself.
set -eu
build=$1
for name in $(compgen -e OPENBLAS_ || true) $(compgen -e OMP_ || true); do
        unset "$name"
done
"$build/bench/step_bench"
# ONNX Runtime without its install script, which would fetch GPU libraries; PyTorch, which is big, from Debian, and only
# where it can be had without asking. A quick run takes what is there.
if [ -z "${SESSRUN_BENCH_QUICK:-}" ]; then
        [ -d bench/node_modules/onnxruntime-node ] ||
                npm install --prefix bench --ignore-scripts --no-package-lock --no-audit --no-fund >/dev/null 2>&1 || true
        /usr/bin/python3 -c 'import torch' 2>/dev/null || [ "$(id -u)" != 0 ] ||
                DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends python3-torch >/dev/null 2>&1 || true
fi
[ -d bench/node_modules/onnxruntime-node ] || echo "bench: there is no onnxruntime-node: its column stays empty"
/usr/bin/python3 -c 'import torch' 2>/dev/null || echo "bench: there is no python3-torch: its rows are left out"
"$build/bench/model_bench"
"$build/bench/work_bench"
"$build/bench/op_bench"
"$build/bench/curve_bench"
"$build/bench/http_bench" "$build/sessrund"
"$build/bench/serve_bench"
"$build/bench/session_bench" "$build/sessrund"
"$build/bench/load_bench" "$build/sessrund"
