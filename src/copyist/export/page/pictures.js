// --- Pictures -------------------------------------------------------------------------------------------------------

function show(canvas, x) {
  const area = width * height;
  paint(canvas, [0, 1, 2].map(c => x.subarray(channels === 3 ? c * area : 0, (channels === 3 ? c * area : 0) + area)));
}

/** Red, green and blue, (H, W) each, from 0 to 1. */
function paint(canvas, planes) {
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d"), image = context.createImageData(width, height), area = width * height;
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = Math.round(255 * Math.min(1, Math.max(0, planes[c][i])));
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** A picture in gray under its heat (H, W), evenly by the square root: yellow above the median, red at the greatest. */
function showHeat(canvas, x, heat) {
  const area = width * height, ordered = heat.slice().sort(), low = ordered[area >> 1];
  // A picture without any heat worth the name stays as it is.
  const [begin, end] = [Math.sqrt(low), Math.sqrt(Math.max(3 * low, ordered[area - 1], 1e-30))];
  const colors = [[255, 214], [214, 0], [0, 28]], planes = colors.map(() => new Float32Array(area));
  for (let i = 0; i < area; i++) {
    const share = Math.min(1, Math.max(0, (Math.sqrt(heat[i]) - begin) / (end - begin))), cover = 0.72 * share ** 0.75;
    const gray = channels === 3 ? (x[i] + x[area + i] + x[2 * area + i]) / 3 : x[i];
    for (const [c, [cool, hot]] of colors.entries()) planes[c][i] = gray * (1 - cover) + ((cool + (hot - cool) * share) / 255) * cover;
  }
  paint(canvas, planes);
}

/** Weights of Lanczos' filter from so many values to so many, as Pillow has them: where each begins, and 22 bits each. */
function lanczos(from, to) {
  const scale = from / to, wide = Math.max(scale, 1), support = 3 * wide;
  const sinc = x => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
  return Array.from({ length: to }, (_, place) => {
    const center = (place + 0.5) * scale;
    const begin = Math.max(0, Math.trunc(center - support + 0.5)), end = Math.min(from, Math.trunc(center + support + 0.5));
    const weights = Array.from({ length: end - begin }, (_, i) => {
      const x = (begin + i - center + 0.5) / wide;
      return Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0;
    });
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { begin, weights: weights.map(weight => Math.trunc((weight / sum) * 2 ** 22 + (weight < 0 ? -0.5 : 0.5))) };
  });
}

/** One channel of bytes (H, W) at another size, as Pillow resamples it: across and then down, or the other way where
 *  that spares more. */
function resized(bytes, from, to) {
  const downFirst = from[0] > to[0] && 2 * (from[1] - to[1]) < from[0] - to[0];
  const between = downFirst ? [to[0], from[1]] : [from[0], to[1]];
  return along(along(bytes, from, between), between, to);
}

/** One channel of bytes at a size of which at most one side is another. */
function along(bytes, from, to) {
  const axis = from[0] === to[0] ? 1 : 0;
  if (from[axis] === to[axis]) return bytes;
  const filter = lanczos(from[axis], to[axis]), found = new Uint8Array(to[0] * to[1]);
  // Between values that are summed, along their axis, and between the lines of the other axis.
  const [step, line] = axis === 1 ? [1, from[1]] : [from[1], 1], [outStep, outLine] = axis === 1 ? [1, to[1]] : [to[1], 1];
  for (let other = 0; other < to[1 - axis]; other++) {
    for (const [place, { begin, weights }] of filter.entries()) {
      let sum = 2 ** 21, at = other * line + begin * step;
      for (const weight of weights) {
        sum += bytes[at] * weight;
        at += step;
      }
      found[other * outLine + place * outStep] = Math.min(255, Math.max(0, Math.floor(sum / 2 ** 22)));
    }
  }
  return found;
}

/** The whole number that is nearest, of two the even one. */
const nearest = value => (Math.abs(value % 1) === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));

/** One channel of bytes brought to the size of the model's images as the library brings it: `resize`, `pad` or `crop`. */
function fitted(bytes, size, fit) {
  const goal = [height, width], ratios = goal.map((side, i) => side / size[i]);
  if (fit === "resize" || (ratios[0] === 1 && ratios[1] === 1)) return resized(bytes, size, goal);
  const ratio = fit === "pad" ? Math.min(...ratios) : Math.max(...ratios), bound = fit === "pad" ? Math.min : Math.max;
  const inner = size.map((side, i) => bound(Math.max(1, nearest(side * ratio)), goal[i]));
  const scaled = resized(bytes, size, inner), whole = new Uint8Array(height * width);
  // Where the picture begins in the goal, or the goal in the picture.
  const [top, left] = inner.map((side, i) => -Math.floor(Math.abs(goal[i] - side) / 2) * Math.sign(side - goal[i]));
  const within = (place, side) => Math.min(side - 1, Math.max(0, place));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) whole[y * width + x] = scaled[within(y - top, inner[0]) * inner[1] + within(x - left, inner[1])];
  }
  return whole;
}

/** The channels of a picture (H, W) of bytes on white, gray where the model takes one; and what had to be done for it. */
function pixelsOf(drawn, drawnHeight, drawnWidth) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [drawnWidth, drawnHeight];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(drawn, 0, 0);
  const { data } = context.getImageData(0, 0, drawnWidth, drawnHeight), area = drawnHeight * drawnWidth;
  const planes = Array.from({ length: channels }, () => new Uint8Array(area));
  let color = false, clear = false;
  for (let i = 0; i < area; i++) {
    const alpha = data[4 * i + 3], [r, g, b] = [0, 1, 2].map(c => Math.round(255 + ((data[4 * i + c] - 255) * alpha) / 255));
    if (alpha < 255) clear = true;
    if (r !== g || g !== b) color = true;
    if (channels === 1) planes[0][i] = nearest(0.29893602129377539 * r + 0.58704307445112136 * g + 0.11402090425510325 * b);
    else [planes[0][i], planes[1][i], planes[2][i]] = [r, g, b];
  }
  const done = [];
  if (color && channels === 1) done.push("taken as gray");
  if (clear) done.push("laid on white");
  return { planes, size: [drawnHeight, drawnWidth], done };
}

/** The picture that is chosen as the model takes it. */
function read() {
  const area = height * width, x = new Float32Array(channels * area);
  for (const [c, plane] of chosen.planes.entries()) x.set(Float32Array.from(fitted(plane, chosen.size, config.fit), byte => byte / 255), c * area);
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

let chosen, picture;

function choose(drawn, drawnWidth, drawnHeight, { example = false } = {}) {
  chosen = { ...pixelsOf(drawn, drawnHeight, drawnWidth), example };
  refit();
}

/** Bring the picture that is chosen to the size that is chosen. */
function refit() {
  picture = read();
  show($("source"), picture);
  resetWalk();
}

/** What was done to the picture before the model saw it, in a sentence; nothing where nothing was. */
function treatment() {
  const done = [...chosen.done], [from, to] = [chosen.size, [height, width]].map(([down, across]) => `${across} by ${down}`);
  const ways = { crop: "cut to its middle and scaled", pad: "scaled with its edges drawn out", resize: "scaled, its sides each for itself," };
  if (from !== to) done.push(`${ways[config.fit]} from ${from} to ${to} pixels`);
  const sentence = done.length ? `The picture was ${done.join(", and ")}. ` : "";
  return `${chosen.example ? "This is a drawn landscape, which the detector need not know. " : ""}${sentence}`;
}

function drawExample() {
  const canvas = landscape();
  choose(canvas, canvas.width, canvas.height, { example: true });
}

async function open(file) {
  if (!file) return;
  try {
    const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
    choose(bitmap, bitmap.width, bitmap.height);
    $("error").hidden = true;
  } catch {
    complain(`${file.name || "this"} could not be read as a picture; take a PNG, JPEG or WebP file`);
  }
}
