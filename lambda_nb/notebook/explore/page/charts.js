// Two charts on canvases: environments as areas, cold starts and throttles as bars. B is drawn
// full, A as a line over it (of bars: as their tops).

const BAND_COLOURS = { in_flight: "#1a83c4", initialising: "#e69f00", idle: "#7cc4ee" };
const BAND_WORDS = { in_flight: "running", initialising: "initialising", idle: "idle" };
const OTHER_COLOURS = ["#1a83c4", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9"];
const COUNTS = [["cold starts", "#e69f00"], ["throttles", "#d55e00"]];
const LEFT = 56, TOP = 12, FLOOR = 38;

const bandsOf = (point) => point.names.map((name, i) => ({
  word: BAND_WORDS[name] ?? name,
  colour: BAND_COLOURS[name] ?? OTHER_COLOURS[i % OTHER_COLOURS.length],
  values: rowOf(point, i),
}));
const countsOf = (point) => COUNTS.map(([word, colour], i) => ({ word, colour, values: rowOf(point, point.names.length + i) }));

function rowOf(point, row) {
  const bins = point.bands.length / (point.names.length + 2);
  return point.bands.subarray(row * bins, (row + 1) * bins);
}

function totalOf(bands) {
  const total = new Float32Array(bands[0].values.length);
  for (const band of bands) band.values.forEach((value, i) => { total[i] += value; });
  return total;
}

// Draws stacked bands; `line` is the total of A, or null; of bars only the tops of it.
function draw(canvas, bands, line, tops, span, width, axis, ink) {
  const pen = canvas.getContext("2d"), ratio = window.devicePixelRatio || 1;
  const [wide, high] = [canvas.clientWidth, canvas.clientHeight];
  if (!wide) return;
  if (canvas.width !== Math.round(wide * ratio) || canvas.height !== Math.round(high * ratio)) {
    canvas.width = Math.round(wide * ratio);
    canvas.height = Math.round(high * ratio);
  }
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, wide, high);
  const total = totalOf(bands), floor = high - FLOOR;
  const most = Math.max(1, total.reduce((a, b) => Math.max(a, b), 0), line ? line.reduce((a, b) => Math.max(a, b), 0) : 0);
  const x = (t) => LEFT + (t / span) * (wide - LEFT - 10);
  const y = (value) => floor - (value / (most * 1.04)) * (floor - TOP);
  pen.font = "12.5px system-ui, sans-serif";
  pen.fillStyle = pen.strokeStyle = ink;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const value of ticks(most)) {
    pen.globalAlpha = 0.2;
    pen.fillRect(LEFT, Math.round(y(value)), wide - LEFT - 10, 1);
    pen.globalAlpha = 1;
    pen.fillText(short(value), LEFT - 7, y(value));
  }
  const { unit, at } = timeTicks(span, wide - LEFT);
  pen.textAlign = "center";
  pen.textBaseline = "alphabetic";
  for (const [t, text] of at) {
    pen.fillRect(Math.round(x(t)), floor, 1, 4);
    pen.fillText(text, x(t), floor + 17);
  }
  pen.fillText(`time (${unit})`, LEFT + (wide - LEFT) / 2, high - 4);
  pen.save();
  pen.translate(12, TOP + (floor - TOP) / 2);
  pen.rotate(-Math.PI / 2);
  pen.fillText(axis, 0, 0);
  pen.restore();
  const below = new Float32Array(total.length);
  for (const { colour, values } of bands) {
    if (!values.some((value) => value > 0)) continue;
    area(pen, below, values, colour, (i) => x(i * width), y);
    values.forEach((value, i) => { below[i] += value; });
  }
  if (line) steps(pen, line, tops, ink, (i) => x(i * width), y);
}

function area(pen, below, values, colour, x, y) {
  pen.fillStyle = colour;
  pen.beginPath();
  values.forEach((value, i) => {
    if (value > 0) pen.rect(x(i), y(below[i] + value), x(i + 1) - x(i) + 0.4, y(below[i]) - y(below[i] + value));
  });
  pen.fill();
}

function steps(pen, values, tops, ink, x, y) {
  pen.strokeStyle = ink;
  pen.lineWidth = 1.8;
  pen.setLineDash(tops ? [] : [5, 3]);
  pen.beginPath();
  values.forEach((value, i) => {
    if (tops && value === 0) return;
    if (tops) pen.moveTo(x(i) - 1, y(value));
    else pen.lineTo(x(i), y(value));
    pen.lineTo(x(i + 1), y(value));
  });
  pen.stroke();
  pen.setLineDash([]);
}
