// SPDX-License-Identifier: Apache-2.0
// ONNX models without a library, and their timing in ONNX Runtime: what the peers in node share.
import { performance } from "node:perf_hooks";

// ---- protobuf, as much as ONNX needs: [field, value] pairs; a number, text, bytes or floats ----
function varint(n) {
  const out = [];
  for (let v = BigInt.asUintN(64, BigInt(n)); ; v >>= 7n) {
    if (v < 128n) { out.push(Number(v)); return Buffer.from(out); }
    out.push(Number(v & 127n) | 128);
  }
}
export function message(...fields) {
  return Buffer.concat(fields.filter((f) => f).flatMap(([tag, value]) => {
    if (typeof value === "number") return [varint(tag * 8), varint(value)];
    if (value instanceof FloatField) return [varint(tag * 8 + 5), value.bytes];
    const bytes = typeof value === "string" ? Buffer.from(value) : value;
    return [varint(tag * 8 + 2), varint(bytes.length), bytes];
  }));
}
class FloatField { constructor(v) { this.bytes = Buffer.alloc(4); this.bytes.writeFloatLE(v); } }

// ---- attributes ----
const INT = 2, FLOAT = 1, TEXT = 3, INTS = 7;
export const ints = (name, list) => [5, message([1, name], [20, INTS], ...list.map((i) => [8, i]))];
export const int = (name, v) => [5, message([1, name], [20, INT], [3, v])];
export const float = (name, v) => [5, message([1, name], [20, FLOAT], [2, new FloatField(v)])];
export const text = (name, v) => [5, message([1, name], [20, TEXT], [4, v])];

// ---- a graph ----
export const FLOATS = 1, INT64S = 7;
const nodes = [], weights = [];
let count = 0;
export const fresh = () => `o${count++}`;
// A constant of that content (a typed array); returns its name.
export function constant(dims, values, name = fresh()) {
  const type = values instanceof BigInt64Array ? INT64S : FLOATS;
  weights.push([5, message(...dims.map((d) => [1, d]), [2, type], [8, name], [9, Buffer.from(values.buffer)])]);
  return name;
}
// A node with the named outputs.
export function nodeOf(op, inputs, outputs, ...attrs) {
  nodes.push([1, message(...inputs.map((i) => [1, i]), ...outputs.map((o) => [2, o]), [4, op], ...attrs)]);
}
export function node(op, inputs, ...attrs) {
  const out = fresh();
  nodeOf(op, inputs, [out], ...attrs);
  return out;
}
const info = (name, type, dims) => message([1, name], [2, message([1, message([1, type],
  [2, message(...dims.map((d) => [1, message([1, d])]))])])]);
// The whole model: inputs and outputs are [name, type, dims].
export function model(name, opset, input, output) {
  const graph = message(...nodes, [2, name], ...weights, [11, info(...input)], [12, info(...output)]);
  return message([1, 8], [7, graph], [8, message([2, opset])]);
}

// Runs it for so many milliseconds: the best by the clock and by CPU time, and the last outputs.
// Exits with 2 when onnxruntime-node is not there.
export async function open(bytes, threads) {
  let ort;
  try { ort = (await import("onnxruntime-node")).default; } catch { process.exit(2); }
  const session = await ort.InferenceSession.create(bytes, {
    intraOpNumThreads: threads, interOpNumThreads: 1, graphOptimizationLevel: "all", executionMode: "sequential" });
  return { ort, session };
}
export async function time(bytes, feed, dims, threads, milliseconds) {
  const { ort, session } = await open(bytes, threads);
  const feeds = { x: new ort.Tensor(feed instanceof BigInt64Array ? "int64" : "float32", feed, dims) };
  let best = Infinity, cpu = Infinity, outputs;
  const end = performance.now() + milliseconds;
  for (let i = 0; i < 5 || performance.now() < end; i++) {
    const start = performance.now(), used = process.cpuUsage();
    outputs = await session.run(feeds);
    best = Math.min(best, performance.now() - start);
    const { user, system } = process.cpuUsage(used);
    cpu = Math.min(cpu, (user + system) / 1000);
  }
  return { best, cpu, outputs };
}
