// SPDX-License-Identifier: Apache-2.0
// The works of works.c as ONNX, timed in ONNX Runtime, which trains nothing: prints milliseconds a step,
// of CPU time, and the mean size of the result's elements.
// usage: node work_peer.mjs WORK BATCH THREADS
// Exits with 2 when onnxruntime-node is not there, 3 when it cannot do that work.
import { constant, float, FLOATS, fresh, int, INT64S, ints, model, node, nodeOf, time } from "./onnx.mjs";

const [work, batch, threads] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];

// ---- the numbers of works.c ----
function mix(x) {
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return (x ^ x >>> 16) >>> 0;
}
function hash(name) {
  let h = 2166136261;
  for (const c of Buffer.from(name)) h = Math.imul(h ^ c, 16777619) >>> 0;
  return h;
}
function floats(name, n, scale) {
  const h = hash(name), v = new Float32Array(n);
  for (let i = 0; i < n; i++) v[i] = ((mix(h + i | 0) >>> 8) / (1 << 23) - 1) * Math.fround(scale);
  return v;
}
const size = (dims) => dims.reduce((a, b) => a * b, 1);
const weight = (name, dims, scale) => constant(dims, floats(name, size(dims), scale));
const longs = (...list) => constant([list.length], new BigInt64Array(list.map(BigInt)));
const number = (v) => constant([], new Float32Array([v]));

// ---- recurrent layers: ONNX keeps gates apart and transposed, in an order of its own ----
const STEPS = 50, IN = 128, UNITS = 256;
function gates(kernel, columns, order, from, rows, to, at) {
  for (let g = 0; g < order.length; g++)
    for (let u = 0; u < UNITS; u++)
      for (let i = 0; i < rows; i++)
        to[((at + g) * UNITS + u) * rows + i] = kernel[(from + i) * columns + order[g] * UNITS + u];
}
function recurrent(op, kernels, ...attrs) {
  const n = kernels.reduce((a, k) => a + k.order.length, 0);
  const w = new Float32Array(n * UNITS * IN), r = new Float32Array(n * UNITS * UNITS), b = new Float32Array(2 * n * UNITS);
  let at = 0;
  for (const { name, order, bias } of kernels) {
    const columns = order.length * UNITS, k = floats(`w_${name}`, (IN + UNITS) * columns, 0.06);
    const v = floats(`w_b${name}`, columns, 0.1);
    gates(k, columns, order, 0, IN, w, at);
    gates(k, columns, order, IN, UNITS, r, at);
    order.forEach((from, g) => {
      for (let u = 0; u < UNITS; u++) b[(at + g) * UNITS + u] = v[from * UNITS + u] + (from === bias ? 1 : 0);
    });
    at += order.length;
  }
  const y = fresh();
  nodeOf(op, ["x", constant([1, n * UNITS, IN], w), constant([1, n * UNITS, UNITS], r), constant([1, 2 * n * UNITS], b)],
         [y], int("hidden_size", UNITS), ...attrs);
  return [node("Squeeze", [y, longs(1)]), FLOATS, [STEPS, batch, UNITS]];
}
// i, j, f, o become i, o, f, c; the forget gate's bias is 1 more.
const lstm = () => recurrent("LSTM", [{ name: "gates", order: [0, 3, 2, 1], bias: 2 }]);
// r, u and the candidate become z, r, h.
const gru = () => recurrent("GRU", [{ name: "ru", order: [1, 0] }, { name: "cand", order: [0] }], int("linear_before_reset", 0));

// ---- serving ----
function dense(name, x, input, output, act) {
  const w = weight(`w_${name}`, [input, output], input > 2000 ? 0.03 : 0.06), b = weight(`w_b${name}`, [output], 0.1);
  const y = node("Gemm", [x, w, b]);
  return act ? node(act, [y]) : y;
}
function wide() {
  const ONE = 26, MANY = 14, IDS = 4, all = Array.from({ length: ONE + MANY }, fresh);
  nodeOf("Split", ["x", longs(...Array(ONE).fill(1), ...Array(MANY).fill(IDS))], all, int("axis", 1));
  const parts = all.map((ids, i) => {
    const rows = node("Gather", [weight(`w_table${i}`, [10000, 32], 0.5), ids]);
    return i < ONE ? node("Squeeze", [rows, longs(1)]) : node("ReduceMean", [rows], ints("axes", [1]), int("keepdims", 0));
  });
  const features = node("Concat", parts, int("axis", 1));
  const y = dense("out", dense("d2", dense("d1", features, 1280, 1024, "Relu"), 1024, 256, "Relu"), 256, 1, "Sigmoid");
  return [y, FLOATS, [batch, 1]];
}
const TOKENS = 128, HIDDEN = 768;
const norm = (name, x) => node("LayerNormalization", [x, weight(`w_g${name}`, [HIDDEN], 1), weight(`w_s${name}`, [HIDDEN], 0.2)],
                               float("epsilon", 1e-12));
function gelu(x) {
  const erf = node("Add", [node("Erf", [node("Div", [x, number(Math.SQRT2)])]), number(1)]);
  return node("Mul", [node("Mul", [x, erf]), number(0.5)]);
}
function head(name, flat) {
  const y = node("Reshape", [dense(name, flat, HIDDEN, HIDDEN), longs(batch, TOKENS, 12, 64)]);
  return node("Transpose", [y], ints("perm", name === "k" ? [0, 2, 3, 1] : [0, 2, 1, 3]));
}
function attention() {
  const flat = node("Reshape", ["x", longs(-1, HIDDEN)]);
  const [q, k, v] = ["q", "k", "v"].map((name) => head(name, flat));
  const scores = node("Mul", [node("MatMul", [q, k]), number(0.125)]);
  const probs = node("Softmax", [node("Add", [scores, weight("w_mask", [batch, 1, 1, TOKENS], 1)])], int("axis", -1));
  const back = node("Transpose", [node("MatMul", [probs, v])], ints("perm", [0, 2, 1, 3]));
  const joined = node("Reshape", [back, longs(-1, HIDDEN)]);
  const ln1 = norm("ln1", node("Add", [dense("o", joined, HIDDEN, HIDDEN), flat]));
  const up = dense("up", ln1, HIDDEN, 4 * HIDDEN);
  const y = norm("out", node("Add", [dense("down", gelu(up), 4 * HIDDEN, HIDDEN), ln1]));
  return [y, FLOATS, [batch * TOKENS, HIDDEN]];
}

const sequence = [FLOATS, [STEPS, batch, IN]];
const builders = {
  lstm_loop: [lstm, sequence], lstm_cell_loop: [lstm, sequence], block_lstm: [lstm, sequence],
  gru_loop: [gru, sequence], gru_cell_loop: [gru, sequence],
  layer_norm: [() => [norm("out", "x"), FLOATS, [batch, TOKENS, HIDDEN]], [FLOATS, [batch, TOKENS, HIDDEN]]],
  gelu: [() => [gelu("x"), FLOATS, [batch, TOKENS, 4 * HIDDEN]], [FLOATS, [batch, TOKENS, 4 * HIDDEN]]],
  wide: [wide, [INT64S, [batch, 82]]], attention: [attention, [FLOATS, [batch, TOKENS, HIDDEN]]],
};
if (!builders[work]) process.exit(3);
const [build, [type, dims]] = builders[work];
const output = build(), h = hash("x"), n = size(dims);
const feed = type === FLOATS ? floats("x", n, 1) : new BigInt64Array(n).map((_, i) => BigInt(mix(h + i | 0) % 10000));
const { best, cpu, outputs } = await time(model(work, 17, ["x", type, dims], output), feed, dims, threads, 2000);
const y = outputs[output[0]].data;
console.log(best.toFixed(4), cpu.toFixed(4), y.reduce((a, v) => a + Math.abs(v), 0) / y.length, "ONNX Runtime");
