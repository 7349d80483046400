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
  constructor(place, unit = "pictures") {
    [this.place, this.unit, this.times, this.count] = [place, unit, [], 0];
  }
  tick() {
    this.count += 1;
    this.times = [...this.times, performance.now()].slice(-20);
    const [first, now] = [this.times[0], this.times.at(-1)];
    this.perSecond = now > first ? (1000 * (this.times.length - 1)) / (now - first) : 0;
    if (this.perSecond) this.place.textContent = `${this.perSecond.toFixed(this.perSecond < 9.95 ? 1 : 0)} ${this.unit} a second`;
  }
  pause() {
    this.times = [];
  }
}

const FRAME = 1000 / 60;
const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
const noisy = (x, share, mean, std) => x.map(value => share * value + mean + std * normal());
const frame = () => new Promise(resolve => (document.hidden ? setTimeout(resolve, 100) : requestAnimationFrame(resolve)));
const psnr = (a, b) => -10 * Math.log10(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0) / a.length + 1e-12);
const value = name => Number($(name).value);

// --- Detect, denoise, walk, sample ----------------------------------------------------------------------------------

const modes = {
  detect: { running: true, rate: new Rate(document.createElement("span")), step: detectStep },
  denoise: { running: true, byTurns: true, rate: new Rate($("denoise-rate")), step: denoiseStep, words: ["Denoise", "Pause"] },
  walk: { running: false, rate: new Rate($("walk-rate")), step: walkStep, words: ["Walk", "Pause"] },
  sample: { running: false, rate: new Rate($("sample-rate"), "steps"), step: sampleStep, words: ["New sample", "Stop"] },
};
let mode, walker, walked = 0, sampling, judged;

async function detectStep() {
  if (judged === picture) return false;
  const x = picture, found = await detect(x);
  if (x !== picture) return false;
  judged = x;
  show($("judged"), x);
  $("place").hidden = !found.heat;
  if (found.heat) showHeat($("heat"), x, found.heat);
  const rare = found.flagged ? `which is ${config.false_alarms} or less` : `which is more than ${config.false_alarms}`;
  const words = `anomaly ${found.anomaly.toPrecision(4)}, p-value ${found.pValue.toPrecision(3)}, ${rare}.`;
  $("finding").textContent = `${found.flagged ? "Flagged" : "Not flagged"}: ${words}`;
  $("treatment").textContent = treatment();
  return true;
}

async function denoiseStep(lane) {
  const clean = picture, x = noisy(clean, 1, 0, value("sigma"));
  let y = x;
  for (let pass = 0; pass < (config.diffusion ? 1 : value("passes")); pass++) {
    y = await (config.diffusion ? denoise(y, Math.max(value("sigma"), 0.002), { lane }) : copy(y, { lane }));
    if (clean !== picture) return;  // Another picture, or another size.
  }
  show($("noisy"), x);
  show($("copy"), y);
  const [before, after] = [psnr(x, clean), psnr(y, clean)].map(decibels => (decibels > 99 ? "∞" : decibels.toFixed(1)));
  $("denoise-error").textContent = `Against the picture: ${before} dB with noise, ${after} dB ${config.diffusion ? "estimated" : "copied"} (PSNR, higher is nearer).`;
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
  if ($("way").value === "prior") return priorStep();
  if ($("way").value === "diffusion") return diffusionStep();
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

async function diffusionStep() {
  if (!sampling) {
    const seed = chosenSeed();
    if (seed === undefined) return setRunning("sample", false);
    const [steps, label, guidance] = ["steps", "class", "guidance"].map(value);
    sampling = { seed, states: diffusing({ seed, steps, label, guidance }) };
  }
  const now = sampling, { step, steps, dims, state, estimate } = (await now.states.next()).value;
  if (now !== sampling) return;
  const y = await pictured(estimate, dims);
  if (now !== sampling) return;
  if (config.diffusion.of_images) show($("state"), state);
  show($("sampled"), y);
  $("sampling").value = step / steps;
  $("state-words").textContent = step < steps ? "the noisy state" : "the last state, without noise";
  const made = `what it makes of the noise of seed ${now.seed}, step ${step} of ${steps}`;
  $("sample-step").textContent = step < steps ? made : `the sample of seed ${now.seed}`;
  if (step < steps) return;
  nextSeed(now.seed);
  sampling = undefined;
  setRunning("sample", false);
}

/** The seed that is written there; nothing, and a sentence, where it is none. */
function chosenSeed() {
  const text = $("seed").value, seed = Number(text);
  if (/^\d+$/.test(text) && seed < 2 ** 32) {
    $("error").hidden = true;
    return seed;
  }
  complain(`A seed is a whole number from 0 to ${2 ** 32 - 1}.`);
}

/** The seed after one that is used up, unless it is kept or another was chosen in the meantime. */
function nextSeed(seed) {
  if (!$("keep").checked && $("seed").value === String(seed)) $("seed").value = (seed + 1) % 2 ** 32;
}

async function priorStep() {
  const seed = chosenSeed();
  if (seed === undefined) return setRunning("sample", false);
  const now = (sampling ??= {}), { y } = await fromPrior({ seed });
  if (now !== sampling) return;
  show($("sampled"), y);
  $("sample-step").textContent = `what the code of seed ${seed} stands for`;
  nextSeed(seed);
  sampling = undefined;
  setRunning("sample", false);
}

/** As before the first sample. */
function resetSample() {
  sampling = undefined;
  setRunning("sample", false);
  $("sampling").value = 0;
  for (const name of ["state", "sampled"]) show($(name), new Float32Array(channels * height * width));
  const { diffusion, trained } = config;
  $("state-words").textContent = diffusion ? "the noisy state" : "what is copied";
  $("sample-step").textContent = "the sample";
  const differs = trained && (trained[0] !== height || trained[1] !== width);
  $("other-size").textContent = differs ? `Samples are ${width} by ${height} pixels, and the model was trained on ${trained[1]} by ${trained[0]}.` : "";
}

function chooseWay() {
  resetSample();
  for (const each of document.querySelectorAll("[class*=from-]")) each.hidden = !each.classList.contains(`from-${$("way").value}`);
  const { of_images: ofImages, classes } = config.diffusion ?? { of_images: true, classes: null };
  if (!ofImages) $("state").parentElement.hidden = true;
  for (const each of document.querySelectorAll(".of-classes")) each.hidden = !classes;
}

function setRunning(name, running) {
  if (!modes[name]) return;
  modes[name].running = running;
  modes[name].rate.pause();
  if (modes[name].words) $(name + "-run").textContent = modes[name].words[Number(running)];
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

/** What one worker does; only in modes whose pictures do not follow from each other do the others take part. */
async function run(lane) {
  for (;;) {
    const now = modes[mode], begun = performance.now(), taken = now.running && (lane === 0 || now.byTurns);
    if (taken) {
      // What was paused on the way has no rate.
      if ((await now.step(lane)) !== false && now.running) now.rate.tick();
    }
    // A slow step has let the page be drawn while it was waited for.
    if (!taken || document.hidden || performance.now() - begun < FRAME) await frame();
  }
}

// --- Controls -------------------------------------------------------------------------------------------------------

function setUp() {
  const has = name => config.parts.includes(name), samples = has("whole") || has("decoder");
  const diffuses = Boolean(config.diffusion), ofImages = !diffuses || config.diffusion.of_images;
  const possible = { detect: has("detector"), denoise: samples && ofImages, walk: has("decoder") && !diffuses, sample: samples };
  for (const name of Object.keys(modes)) {
    if (possible[name]) continue;
    $("tab-" + name).remove();
    $(name).hidden = true;
    delete modes[name];
  }
  for (const [number, size] of config.sizes.entries()) {
    const text = size[0] === size[1] ? `${size[0]} pixels` : `${size[0]} by ${size[1]} pixels`;
    $("size").add(new Option(text, number, false, size[0] === height && size[1] === width));
  }
  $("sizes").hidden = config.sizes.length < 2;
  $("size").onchange = () => {
    [height, width] = config.sizes[value("size")];
    refit();
    resetSample();
    for (const name of ["noisy", "copy"]) show($(name), new Float32Array(channels * height * width));
  };
  for (const slider of document.querySelectorAll("input[type=range]")) {
    const write = () => (slider.parentElement.querySelector("output").textContent = slider.value);
    slider.addEventListener("input", write);
    write();
  }
  for (const name of Object.keys(modes)) {
    $("tab-" + name).onclick = () => select(name);
    if (name === "detect") continue;
    $(name + "-run").onclick = () => {
      if (name === "sample") sampling = undefined;
      setRunning(name, !modes[name].running);
    };
  }
  $("way").onchange = chooseWay;
  if (!config.code_shapes.length) {
    $("way").value = diffuses ? "diffusion" : "copying";
    $("ways").hidden = true;
  }
  for (const each of document.querySelectorAll(".of-copier")) each.hidden = diffuses;
  for (const each of document.querySelectorAll(".of-diffusion")) each.hidden = !diffuses;
  const guide = () => ($("guidance").disabled = value("class") < 0);
  $("class").onchange = guide;
  $("class").add(new Option("none", -1));
  for (const [number, name] of ((config.diffusion && config.diffusion.classes) || []).entries()) $("class").add(new Option(name, number));
  guide();
  chooseWay();
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
  for (const name of ["judged", "heat", "noisy", "copy", "walker", "state", "sampled"]) show($(name), new Float32Array(channels * height * width));
  select(Object.keys(modes)[0]);
  drawExample();
}

setUp();
/** For whoever drives the page by a program: when the model runs, its copies, samples and findings, and how fast they come. */
window.copyist = {
  copy,
  denoise,
  detect,
  diffuse,
  fromPrior,
  pause: () => Object.keys(modes).forEach(name => setRunning(name, false)),
  rate: () => modes[mode].rate.perSecond,
  pictures: () => modes[mode].rate.count,
  ready: start(),
};
window.copyist.ready.then(
  threads => {
    $("status").hidden = true;
    $("runtime").textContent = `ONNX Runtime Web in ${threads === 1 ? "one thread" : threads + " threads"}`;
    for (const lane of workers.keys()) run(lane).catch(fail);
  },
  fail,
);
