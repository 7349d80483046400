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
