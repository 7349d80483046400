"use strict";
const config = JSON.parse(document.getElementById("config").textContent);
const $ = name => document.getElementById(name);
const channels = config.channels;
let [height, width] = config.size;

// --- What is embedded -----------------------------------------------------------------------------------------------

async function embedded(name) {
  const bytes = Uint8Array.from(atob($("payload-" + name).textContent), letter => letter.charCodeAt(0));
  $("payload-" + name).remove();
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function address(blob) {
  if (self.crossOriginIsolated) return URL.createObjectURL(blob);
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

// --- The model, in workers ------------------------------------------------------------------------------------------

let last = 0;
const workers = [], waiting = new Map();

function ask(lane, message) {
  const id = ++last;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    workers[lane].postMessage({ ...message, id });
  });
}

function newWorker(code) {
  const worker = new Worker(code);
  worker.onmessage = ({ data }) => {
    const asked = waiting.get(data.id);
    if (!asked) return;
    waiting.delete(data.id);
    data.error === undefined ? asked.resolve(data) : asked.reject(new Error(data.error));
  };
  worker.onerror = event => {
    const error = new Error(event.message || "the worker could not be started");
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    fail(error);
  };
  return worker;
}

async function start() {
  if (typeof WebAssembly !== "object" || typeof DecompressionStream !== "function") {
    throw new Error("this browser is too old; it must have WebAssembly and DecompressionStream, as those since 2023 have");
  }
  const parts = ["runtime", "wasm", ...config.parts];
  const content = {};
  for (const [number, name] of parts.entries()) {
    progress(number / (parts.length + 1), name === "wasm" ? "Unpacking the runtime…" : "Unpacking the model…");
    content[name] = await embedded(name);
  }
  progress(parts.length / (parts.length + 1), "Starting the model…");
  // A worker of a page that was opened as a file may import what is written into an address, and nothing else.
  const runtime = await address(new Blob([content.runtime], { type: "text/javascript" }));
  const code = URL.createObjectURL(new Blob([$("worker-code").textContent], { type: "text/javascript" }));
  // Several threads in a worker need a server that isolates the page. From a file there is one in each of two workers,
  // which take pictures by turns.
  const cores = navigator.hardwareConcurrency || 1, isolated = self.crossOriginIsolated;
  const [lanes, threads] = isolated ? [1, Math.min(4, cores)] : [Math.min(2, cores), 1];
  const models = Object.fromEntries(config.parts.map(name => [name, content[name]]));
  for (let lane = 0; lane < lanes; lane++) workers.push(newWorker(code));
  await Promise.all(workers.map((_, lane) => ask(lane, { kind: "start", runtime, wasm: content.wasm, models, threads })));
  return lanes * threads;
}

/** The copy of an image (C, H, W), values from 0 to 1; with noise, of its code moved by so much. */
async function copy(x, { noise = 0, seed = 0, size = [height, width], lane = 0 } = {}) {
  const answer = await ask(lane, { kind: "copy", x: Float32Array.from(x), dims: [1, channels, ...size], noise, seed });
  return answer.y;
}

/** What a detector finds in an image (C, H, W): anomaly, p-value, whether it is flagged, and the heat (H, W), if any. */
async function detect(x, { lane = 0 } = {}) {
  const { found } = await ask(lane, { kind: "detect", x: Float32Array.from(x), dims: [1, channels, height, width] });
  return found;
}

/** What the decoder makes of a code of normal numbers from a seed, and that code: a sample, where N(0, I) is the prior. */
async function fromPrior({ seed = 0, size = [height, width], lane = 0 } = {}) {
  const shape = config.code_shapes[config.sizes.findIndex(each => each[0] === size[0] && each[1] === size[1])];
  const { y, z } = await ask(lane, { kind: "prior", dims: [1, ...shape], seed });
  return { y, z };
}

/** Noise levels s₀ > … > s_N = 0 in units of the spread of a diffusion model, spaced as in its training. */
function noiseLevels(steps) {
  const each = Array.from({ length: steps }, (_, n) => n);
  if (config.diffusion.path === "straight") {
    const times = each.map(n => (1000 / 1001) * (1 - n / steps));
    return [...times.map(t => t / (1 - t)), 0];
  }
  const [first, last] = [160, 0.004].map(level => level ** (1 / 7));
  return [...each.map(n => (first + (n / Math.max(1, steps - 1)) * (last - first)) ** 7), 0];
}

/** The image that a diffusion model estimates under noise of a known standard deviation, in units of pixel values. */
async function denoise(x, sigma, { size = [height, width], lane = 0 } = {}) {
  const dims = [1, channels, ...size];
  return (await ask(lane, { kind: "estimate", x: Float32Array.from(x), dims, sigma, label: -1 })).y;
}

/** A sample of a diffusion model on its way from noise of a seed to an image, by DPM-Solver++(2M): after each step the
 *  noisy state and the clean estimate, both in the model's space, and at last the sample as both. */
async function* diffusing({ seed = 0, steps = 30, label = -1, guidance = 1, size = [height, width], lane = 0 } = {}) {
  const { center, spread, shapes } = config.diffusion;
  const shape = shapes[config.sizes.findIndex(each => each[0] === size[0] && each[1] === size[1])];
  const dims = [1, ...shape], levels = noiseLevels(steps);
  const clean = async (x, level, label) => {
    const [inSpace, sigma] = [x.map(value => center + spread * value), spread * level];
    const { y } = await ask(lane, { kind: "estimate", x: inSpace, dims, sigma, label });
    return y.map(value => (value - center) / spread);
  };
  const count = shape.reduce((product, side) => product * side);
  let x = (await ask(lane, { kind: "noise", count, seed })).y.map(value => levels[0] * value), before;
  for (let n = 0; n < steps; n++) {
    const [level, next] = [levels[n], levels[n + 1]];
    let estimate = await clean(x, level, label);
    if (label >= 0 && guidance !== 1) {
      const free = await clean(x, level, -1);
      estimate = estimate.map((value, i) => free[i] + guidance * (value - free[i]));
    }
    let ahead = estimate;
    if (next > 0) {
      const h = Math.log(level / next), earlier = before;
      if (earlier) ahead = estimate.map((value, i) => value + (h / (2 * earlier.h)) * (value - earlier.estimate[i]));
      before = { estimate, h };
    }
    x = x.map((value, i) => (next / level) * value + (1 - next / level) * ahead[i]);
    const [state, shown] = [x, n + 1 === steps ? x : estimate].map(each => each.map(value => center + spread * value));
    yield { step: n + 1, steps, dims, state, estimate: shown };
  }
}

/** The picture of what a diffusion model has in its own space. */
async function pictured(values, dims, { lane = 0 } = {}) {
  return config.diffusion.of_images ? values : (await ask(lane, { kind: "decode", z: values, dims })).y;
}

/** A sample of a diffusion model from noise of a seed, and that noise. */
async function diffuse(options = {}) {
  let last;
  for await (const each of diffusing(options)) last = each;
  const count = last.dims.reduce((product, side) => product * side);
  const { y: z } = await ask(options.lane ?? 0, { kind: "noise", count, seed: options.seed ?? 0 });
  return { y: await pictured(last.estimate, last.dims, options), z };
}
