// SPDX-License-Identifier: Apache-2.0
// The networks of models.c as ONNX, layer by layer, with random weights.
import { constant, float, FLOATS, int, ints, model, node, text } from "./onnx.mjs";

function tensor(dims, scale, middle) {
  const n = dims.reduce((a, b) => a * b, 1), v = new Float32Array(n);
  for (let i = 0; i < n; i++) v[i] = middle + scale * (2 * Math.random() - 1);
  return constant(dims, v);
}
let channels = 3;
function conv(x, side, stride, out, group, act) {
  const per = group > 1 ? 1 : channels;
  const w = tensor([out, per, side, side], Math.sqrt(6 / (per * side * side)), 0);
  let y = node("Conv", [x, w], ints("kernel_shape", [side, side]), ints("strides", [stride, stride]),
               ints("dilations", [1, 1]), int("group", group), text("auto_pad", "SAME_UPPER"));
  y = node("BatchNormalization", [y, tensor([out], 0.5, 1), tensor([out], 0.1, 0), tensor([out], 0.1, 0),
                                  tensor([out], 0.5, 1)], float("epsilon", 0.001));
  channels = out;
  if (act === "Relu") return node("Relu", [y]);
  return act === "Relu6" ? node("Clip", [y, "zero", "six"]) : y;
}
function mobilenet(x) {
  const blocks = [[1, 64], [2, 128], [1, 128], [2, 256], [1, 256], [2, 512], [1, 512], [1, 512], [1, 512], [1, 512],
                  [1, 512], [2, 1024], [1, 1024]];
  x = conv(x, 3, 2, 32, 1, "Relu6");
  for (const [stride, out] of blocks) {
    x = conv(x, 3, stride, channels, channels, "Relu6");
    x = conv(x, 1, 1, out, 1, "Relu6");
  }
  return x;
}
function bottleneck(x, mid, stride, project) {
  const before = channels;
  const around = project ? conv(x, 1, stride, 4 * mid, 1, "") : x;
  channels = before;
  let y = conv(x, 1, stride, mid, 1, "Relu");
  y = conv(y, 3, 1, mid, 1, "Relu");
  y = conv(y, 1, 1, 4 * mid, 1, "");
  return node("Relu", [node("Add", [y, around])]);
}
function resnet50(x) {
  x = conv(x, 7, 2, 64, 1, "Relu");
  x = node("MaxPool", [x], ints("kernel_shape", [3, 3]), ints("strides", [2, 2]),
           text("auto_pad", "SAME_UPPER"));
  [3, 4, 6, 3].forEach((n, stage) => {
    for (let i = 0; i < n; i++) x = bottleneck(x, 64 << stage, stage && !i ? 2 : 1, !i);
  });
  return x;
}
// mobilenet or resnet50, once to a process.
export function build(name, batch) {
  constant([], new Float32Array([0]), "zero");
  constant([], new Float32Array([6]), "six");
  const classes = name === "mobilenet" ? 1001 : 1000;
  let x = name === "mobilenet" ? mobilenet("x") : resnet50("x");
  x = node("Flatten", [node("GlobalAveragePool", [x])]);
  x = node("Gemm", [x, tensor([channels, classes], Math.sqrt(6 / channels), 0), tensor([classes], 0.1, 0)]);
  x = node("Softmax", [x], int("axis", 1));
  return model(name, 13, ["x", FLOATS, [batch, 3, 224, 224]], [x, FLOATS, [batch, classes]]);
}
