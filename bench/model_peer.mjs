// SPDX-License-Identifier: Apache-2.0
// The networks of models.c as ONNX, timed in ONNX Runtime: prints milliseconds a step, and of CPU time,
// best of rounds.
// usage: node model_peer.mjs mobilenet|resnet50 BATCH THREADS
// Exits with 2 when onnxruntime-node is not there.
import { build } from "./networks.mjs";
import { time } from "./onnx.mjs";

const [model, batch, threads] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const pictures = new Float32Array(batch * 3 * 224 * 224).map(() => 2 * Math.random() - 1);
const { best, cpu } = await time(build(model, batch), pictures, [batch, 3, 224, 224], threads, 1500 + 250 * batch);
console.log(best.toFixed(3), cpu.toFixed(3));
