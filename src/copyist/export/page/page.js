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

// --- The model, in a worker -----------------------------------------------------------------------------------------

let worker, last = 0;
const waiting = new Map();

function ask(message, transfer = []) {
  const id = ++last;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    worker.postMessage({ ...message, id }, transfer);
  });
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
  worker = new Worker(URL.createObjectURL(new Blob([$("worker-code").textContent], { type: "text/javascript" })));
  worker.onmessage = ({ data }) => {
    const asked = waiting.get(data.id);
    if (!asked) return;
    waiting.delete(data.id);
    data.error === undefined ? asked.resolve(data) : asked.reject(new Error(data.error));
  };
  worker.onerror = event => fail(new Error(event.message || "the worker could not be started"));
  // Several threads need a server that isolates the page; from a file there is one.
  const threads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency || 1) : 1;
  const models = Object.fromEntries(config.parts.map(name => [name, content[name]]));
  await ask({ kind: "start", runtime, wasm: content.wasm, models, threads });
  return threads;
}

/** The copy of an image (C, H, W), values from 0 to 1; with noise, of its code moved by so much. */
async function copy(x, { noise = 0, seed = 0, size = [height, width] } = {}) {
  const answer = await ask({ kind: "copy", x: Float32Array.from(x), dims: [1, channels, ...size], noise, seed });
  return answer.y;
}

// --- Pictures -------------------------------------------------------------------------------------------------------

function show(canvas, x) {
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d"), image = context.createImageData(width, height), area = width * height;
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = Math.round(255 * Math.min(1, Math.max(0, x[(channels === 3 ? c * area : 0) + i])));
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** The middle of a picture, scaled to the size of the model's images. */
function read(drawn, drawnWidth, drawnHeight) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const scale = Math.max(width / drawnWidth, height / drawnHeight);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(drawn, (width - scale * drawnWidth) / 2, (height - scale * drawnHeight) / 2, scale * drawnWidth, scale * drawnHeight);
  const { data } = context.getImageData(0, 0, width, height), area = width * height;
  const x = new Float32Array(channels * area);
  for (let i = 0; i < area; i++) {
    const [r, g, b] = [data[4 * i] / 255, data[4 * i + 1] / 255, data[4 * i + 2] / 255];
    if (channels === 1) x[i] = 0.299 * r + 0.587 * g + 0.114 * b;
    else [x[i], x[area + i], x[2 * area + i]] = [r, g, b];
  }
  return x;
}

/** A landscape, so that there is something to look at before a picture is dropped. */
function landscape() {
  const canvas = document.createElement("canvas"), side = 256, context = canvas.getContext("2d");
  [canvas.width, canvas.height] = [side, side];
  const horizon = side * (0.45 + 0.2 * Math.random()), hue = 190 + 40 * Math.random();
  const sky = context.createLinearGradient(0, 0, 0, horizon);
  sky.addColorStop(0, `hsl(${hue} 70% 55%)`);
  sky.addColorStop(1, `hsl(${hue + 10} 60% 85%)`);
  context.fillStyle = sky;
  context.fillRect(0, 0, side, side);
  context.fillStyle = "hsl(48 95% 70%)";
  context.beginPath();
  context.arc(side * (0.15 + 0.7 * Math.random()), horizon * (0.3 + 0.3 * Math.random()), side * 0.08, 0, 7);
  context.fill();
  for (let hill = 0; hill < 2; hill++) {
    const wave = 2 + 3 * Math.random(), phase = 7 * Math.random(), lift = side * (0.1 - 0.07 * hill);
    context.fillStyle = hill ? `hsl(${90 + 50 * Math.random()} 45% 35%)` : `hsl(${220 + 30 * Math.random()} 25% 45%)`;
    context.beginPath();
    context.moveTo(0, side);
    for (let x = 0; x <= side; x += 4) context.lineTo(x, horizon - lift * (0.5 + 0.5 * Math.sin((wave * x) / side * 3 + phase)) + 12 * hill);
    context.lineTo(side, side);
    context.fill();
  }
  return canvas;
}

let chosen, chosenSize, picture;

function choose(drawn, drawnWidth, drawnHeight) {
  [chosen, chosenSize] = [drawn, [drawnWidth, drawnHeight]];
  picture = read(drawn, drawnWidth, drawnHeight);
  show($("source"), picture);
  resetWalk();
}

function drawExample() {
  const canvas = landscape();
  choose(canvas, canvas.width, canvas.height);
}

async function open(file) {
  if (!file) return;
  try {
    const bitmap = await createImageBitmap(file);
    choose(bitmap, bitmap.width, bitmap.height);
    $("error").hidden = true;
  } catch {
    complain(`${file.name || "this"} could not be read as a picture; take a PNG, JPEG or WebP file`);
  }
}

// --- Words ----------------------------------------------------------------------------------------------------------

function progress(share, text) {
  $("status").hidden = false;
  $("loading").value = share;
  $("status-text").textContent = text;
}

function complain(sentence) {
  $("error").hidden = false;
  $("error").textContent = sentence;
}

function fail(error) {
  $("status").hidden = true;
  for (const mode of Object.values(modes)) mode.running = false;
  complain(`The model cannot run here: ${error.message}.`);
}

class Rate {
  constructor(place) {
    [this.place, this.times] = [place, []];
  }
  tick() {
    this.times = [...this.times, performance.now()].slice(-20);
    const [first, now] = [this.times[0], this.times.at(-1)];
    this.perSecond = this.times.length > 1 ? (1000 * (this.times.length - 1)) / (now - first) : 0;
    if (this.perSecond) this.place.textContent = `${this.perSecond.toFixed(this.perSecond < 9.95 ? 1 : 0)} pictures a second`;
  }
  pause() {
    this.times = [];
  }
}

const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
const noisy = (x, share, mean, std) => x.map(value => share * value + mean + std * normal());
const frame = () => new Promise(resolve => (document.hidden ? setTimeout(resolve, 100) : requestAnimationFrame(resolve)));
const psnr = (a, b) => -10 * Math.log10(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0) / a.length + 1e-12);
const value = name => Number($(name).value);

// --- Denoise, walk, sample ------------------------------------------------------------------------------------------

const modes = {
  denoise: { running: true, rate: new Rate($("denoise-rate")), step: denoiseStep, words: ["Denoise", "Pause"] },
  walk: { running: false, rate: new Rate($("walk-rate")), step: walkStep, words: ["Walk", "Pause"] },
  sample: { running: false, rate: new Rate($("sample-rate")), step: sampleStep, words: ["New sample", "Stop"] },
};
let mode = "denoise", walker, walked = 0, sampling;

async function denoiseStep() {
  const clean = picture, x = noisy(clean, 1, 0, value("sigma"));
  let y = x;
  for (let pass = 0; pass < value("passes"); pass++) {
    y = await copy(y);
    if (clean !== picture) return;  // Another picture, or another size.
  }
  show($("noisy"), x);
  show($("copy"), y);
  const [before, after] = [psnr(x, clean), psnr(y, clean)].map(decibels => (decibels > 99 ? "∞" : decibels.toFixed(1)));
  $("denoise-error").textContent = `Against the picture: ${before} dB with noise, ${after} dB copied (PSNR, higher is nearer).`;
}

function resetWalk() {
  [walker, walked] = [picture, 0];
  show($("walker"), walker);
  $("walk-step").textContent = "step 0";
}

async function walkStep() {
  const before = walker, y = await copy(before, { noise: value("step-noise"), seed: (Math.random() * 2 ** 32) >>> 0 });
  if (before !== walker) return;
  [walker, walked] = [y, walked + 1];
  show($("walker"), y);
  $("walk-step").textContent = `step ${walked}`;
}

async function sampleStep() {
  const [mean, std] = [value("mean"), value("std")];
  sampling ??= { n: 0, steps: value("steps"), a: noisy(new Float32Array(channels * height * width), 0, mean, std) };
  const now = sampling, y = await copy(now.a);
  if (now !== sampling) return;
  show($("state"), now.a);
  show($("sampled"), y);
  now.n += 1;
  const c = now.n / now.steps;
  $("sampling").value = c;
  $("sample-step").textContent = `its copy, step ${now.n} of ${now.steps}, c = ${c.toFixed(2)}`;
  now.a = c === 1 ? y : noisy(y, c, (1 - c) * mean, (1 - c) * std);
  if (now.n >= now.steps) {
    sampling = undefined;
    setRunning("sample", false);
  }
}

function setRunning(name, running) {
  modes[name].running = running;
  modes[name].rate.pause();
  $(name + "-run").textContent = modes[name].words[Number(running)];
}

function select(name) {
  mode = name;
  for (const each of Object.keys(modes)) {
    $(each).hidden = each !== name;
    $("tab-" + each).setAttribute("aria-selected", String(each === name));
    modes[each].rate.pause();
  }
  $("picture").hidden = name === "sample";
}

async function run() {
  for (;;) {
    const now = modes[mode];
    if (now.running) {
      await now.step();
      now.rate.tick();
    }
    await frame();
  }
}

// --- Controls -------------------------------------------------------------------------------------------------------

function setUp() {
  for (const [number, size] of config.sizes.entries()) {
    const text = size[0] === size[1] ? `${size[0]} pixels` : `${size[0]} by ${size[1]} pixels`;
    $("size").add(new Option(text, number, false, size[0] === height && size[1] === width));
  }
  $("size").disabled = config.sizes.length < 2;
  $("size").onchange = () => {
    [height, width] = config.sizes[value("size")];
    sampling = undefined;
    setRunning("sample", false);
    choose(chosen, ...chosenSize);
    for (const name of ["noisy", "copy", "state", "sampled"]) show($(name), new Float32Array(channels * height * width));
  };
  for (const slider of document.querySelectorAll("input[type=range]")) {
    const write = () => (slider.parentElement.querySelector("output").textContent = slider.value);
    slider.addEventListener("input", write);
    write();
  }
  for (const name of Object.keys(modes)) {
    $("tab-" + name).onclick = () => select(name);
    $(name + "-run").onclick = () => {
      if (name === "sample") sampling = undefined;
      setRunning(name, !modes[name].running);
    };
  }
  if (!config.parts.includes("encoder")) $("tab-walk").remove();
  $("walk-reset").onclick = resetWalk;
  $("draw").onclick = drawExample;
  $("drop").onclick = () => $("file").click();
  $("drop").onkeydown = event => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), $("file").click());
  $("file").onchange = () => open($("file").files[0]);
  for (const [name, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
    document.addEventListener(name, event => {
      event.preventDefault();
      $("drop").classList.toggle("over", over);
      if (name === "drop") open(event.dataTransfer.files[0]);
    });
  }
  document.addEventListener("paste", event => open([...event.clipboardData.files][0]));
  if (!config.parts.includes("encoder")) delete modes.walk;
  for (const name of ["noisy", "copy", "walker", "state", "sampled"]) show($(name), new Float32Array(channels * height * width));
  drawExample();
}

setUp();
/** For whoever drives the page by a program: when the model runs, its copies, and how fast they come. */
window.copyist = {
  copy,
  pause: () => Object.keys(modes).forEach(name => setRunning(name, false)),
  rate: () => modes[mode].rate.perSecond,
  ready: start(),
};
window.copyist.ready.then(
  threads => {
    $("status").hidden = true;
    $("runtime").textContent = `ONNX Runtime Web in ${threads === 1 ? "one thread" : threads + " threads"}`;
    run().catch(fail);
  },
  fail,
);
