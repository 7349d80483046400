// Runs the model beside the page, so that the page stays quick.
"use strict";
const sessions = {};
let ort;

// Normal numbers from a seed: the same ones for the same seed, on every device.
function normals(count, seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const values = new Float32Array(count);
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform())), angle = 2 * Math.PI * uniform();
    values[i] = radius * Math.cos(angle);
    if (i + 1 < count) values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}

async function run(session, tensor) {
  const found = await session.run({ [session.inputNames[0]]: tensor });
  return found[session.outputNames[0]];
}

// D(E(x) + noise·n), or, of a model without a code, the copy of x.
async function copy({ x, dims, noise, seed }) {
  const input = new ort.Tensor("float32", x, dims);
  if (sessions.whole) return { y: (await run(sessions.whole, input)).data };
  let code = await run(sessions.encoder, input);
  if (noise > 0) {
    const draws = normals(code.data.length, seed);
    code = new ort.Tensor("float32", code.data.map((value, i) => value + noise * draws[i]), code.dims);
  }
  return { y: (await run(sessions.decoder, code)).data };
}

// D(z) of a normal code, beside it.
async function fromPrior({ dims, seed }) {
  const z = normals(dims.reduce((product, side) => product * side), seed);
  return { y: (await run(sessions.decoder, new ort.Tensor("float32", z, dims))).data, z };
}

// The estimate of what is clean in x, whose noise has the standard deviation sigma; of a class, or of none: −1.
async function estimate({ x, dims, sigma, label }) {
  const feeds = { x: new ort.Tensor("float32", x, dims), sigma: new ort.Tensor("float32", [sigma], [1]) };
  if (sessions.whole.inputNames.includes("labels")) feeds.labels = new ort.Tensor("int64", [BigInt(label)], [1]);
  return { y: (await sessions.whole.run(feeds)).x_hat.data };
}

// What codes stand for.
async function decode({ z, dims }) {
  return { y: (await run(sessions.decoder, new ort.Tensor("float32", z, dims))).data };
}

// Normal numbers from a seed.
async function noise({ count, seed }) {
  return { y: normals(count, seed) };
}

async function detect({ x, dims }) {
  const { anomaly, p_value, flagged, heatmap } = await sessions.detector.run({ x: new ort.Tensor("float32", x, dims) });
  const heat = heatmap && heatmap.data;
  return { found: { anomaly: anomaly.data[0], pValue: p_value.data[0], flagged: Boolean(flagged.data[0]), heat } };
}

async function start({ runtime, wasm, models, threads }) {
  ort = await import(runtime);
  ort.env.wasm.wasmBinary = wasm;
  ort.env.wasm.numThreads = threads;
  for (const [name, content] of Object.entries(models)) {
    sessions[name] = await ort.InferenceSession.create(content, { executionProviders: ["wasm"] });
  }
}

const answers = { start, copy, prior: fromPrior, detect, estimate, decode, noise };

onmessage = async ({ data }) => {
  const begun = performance.now();
  try {
    const answer = await answers[data.kind](data);
    postMessage({ id: data.id, ...answer, milliseconds: performance.now() - begun });
  } catch (error) {
    postMessage({ id: data.id, error: String(error && error.message ? error.message : error) });
  }
};
