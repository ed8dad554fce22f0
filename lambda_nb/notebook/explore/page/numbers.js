// Numbers as people read them.

const MONTHLY = 30 * 86400;

function spanOf(seconds) {
  if (seconds === null) return "for ever";
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60]]) {
    if (seconds >= 2 * size || seconds === size) return `${short(seconds / size)} ${unit}`;
  }
  return seconds >= 1 || seconds === 0 ? `${short(seconds)} s` : `${short(seconds * 1000)} ms`;
}

function short(number) {
  return Number(number.toPrecision(3)).toLocaleString("en-US");
}

function money(amount) {
  const sign = amount < 0 ? "−" : "", size = Math.abs(amount);
  const digits = size >= 0.1 || size === 0 ? 2 : Math.min(9, 1 - Math.floor(Math.log10(size)));
  return `${sign}$${size.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

// Whole numbers that are round, up to `most`: 2 to 6 of them, beginning with 0. They count things.
function ticks(most) {
  const power = 10 ** Math.floor(Math.log10(most / 4));
  const sizes = [1, 2, 2.5, 5, 10].map((digit) => digit * power).filter(Number.isInteger);
  const step = sizes.find((size) => size * 5 >= most) ?? Math.max(1, 10 * power);
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => i * step);
}

function timeTicks(span, room) {
  const most = Math.max(2, Math.floor(room / 55));
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600, 43200, 86400, 172800, 345600, 604800];
  const step = steps.find((size) => span / size <= most) ?? Math.ceil(span / most / 86400) * 86400;
  const [unit, size] = span >= 4 * 86400 ? ["days", 86400] : span >= 2 * 3600 ? ["hours", 3600] : span >= 180 ? ["minutes", 60] : ["seconds", 1];
  return { unit, at: Array.from({ length: Math.floor(span / step + 1e-9) + 1 }, (_, i) => [i * step, short((i * step) / size)]) };
}
