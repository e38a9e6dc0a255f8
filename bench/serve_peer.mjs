// SPDX-License-Identifier: Apache-2.0
// MobileNet in ONNX Runtime behind Node's HTTP server, which takes the bodies that the daemon takes: nested
// JSON, base64, raw bytes behind the JSON; at /step it tells how long a step takes without HTTP. Prints its port.
// usage: node serve_peer.mjs THREADS
// Exits with 2 when onnxruntime-node is not there.
import http from "node:http";
import { performance } from "node:perf_hooks";
import { build } from "./networks.mjs";
import { open } from "./onnx.mjs";

const { ort, session } = await open(build("mobilenet", 1), Number(process.argv[2]));
const elements = 3 * 224 * 224;

async function run(x) {
  const { [session.outputNames[0]]: y } = await session.run({ x: new ort.Tensor("float32", x, [1, 3, 224, 224]) });
  return y.data;
}

// The elements in the order in which they come: what a picture shows makes no difference to the time.
function picture(body, jsonLength) {
  const { x } = JSON.parse(jsonLength ? body.toString("utf8", 0, jsonLength) : body.toString()).feeds;
  const flat = new Float32Array(elements);
  if (Array.isArray(x)) {
    let n = 0;
    for (const row of x[0]) for (const pixel of row) for (const v of pixel) flat[n++] = v;
  } else {
    (x.b64 ? Buffer.from(x.b64, "base64") : body.subarray(jsonLength)).copy(Buffer.from(flat.buffer));
  }
  return flat;
}

const x = new Float32Array(elements).map(() => 2 * Math.random() - 1);

// A step without HTTP, and how long it took.
async function step() {
  const start = performance.now();
  await run(x);
  return JSON.stringify({ ms: performance.now() - start });
}

const server = http.createServer(async (request, response) => {
  if (request.url === "/step") return response.end(await step());
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", async () => {
    const jsonLength = Number(request.headers["inference-header-content-length"] || 0);
    const result = await run(picture(Buffer.concat(parts), jsonLength));
    if (jsonLength) return response.end(Buffer.from(result.buffer, result.byteOffset, result.byteLength));
    const text = JSON.stringify({ result: [Array.from(result)] });
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) });
    response.end(text);
  });
});

server.listen(0, "127.0.0.1", () => console.log(server.address().port));
