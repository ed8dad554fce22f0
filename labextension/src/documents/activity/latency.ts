import { duration } from '../../shared/figures';
import { failed, Invocation, same } from './feed';
import {
  AXIS,
  Draw,
  ICanvas,
  inside,
  ISpot,
  LEFT,
  level,
  line,
  nothing,
  RIGHT,
  timeAxis,
  xOf
} from './paint';

const TOP = 10;
/** From this ratio on, the axis is logarithmic: else one slow start would press all others down. */
const WIDE = 15;

/** What a user waited for each invocation: init and duration. Cold ones are diamonds. */
export const latency: Draw = (canvas, times, feed, hot, trans) => {
  timeAxis(canvas, times);
  const all = feed.activity?.invocations ?? [];
  const shown = all.filter(one => one.status !== 'throttled' && one.at >= times.from - 1000);
  const waits = shown.map(wait);
  if (waits.length === 0) {
    nothing(canvas, trans.__('No invocation in this time.'));
    return [];
  }
  const { context, palette, height, width } = canvas;
  const least = Math.max(0.1, Math.min(...waits));
  const most = Math.max(1, ...waits) * 1.1;
  const wide = most / least > WIDE;
  const floor = wide ? least / 1.3 : 0;
  const place = (ms: number) =>
    wide ? Math.log(Math.max(ms, floor) / floor) / Math.log(most / floor) : ms / most;
  const yOf = (ms: number) => TOP + (1 - place(ms)) * (height - AXIS - TOP - 4);
  let above = Infinity;
  for (const tick of wide ? logTicks(floor, most) : linearTicks(most)) {
    const y = yOf(tick);
    if (above - y >= 22) {
      level(canvas, y, duration(tick) || '0');
      above = y;
    }
  }
  const spots: ISpot[] = [];
  inside(canvas, () =>
    shown.forEach((one, i) => {
      const x = xOf(canvas, times, one.at + waits[i]);
      const y = yOf(waits[i]);
      point(canvas, one, x, y, same(one, hot) ? 6 : 3.5);
      spots.push({ invocation: one, x: x - 4, y: y - 4, width: 8, height: 8 });
    })
  );
  const ordered = [...waits].sort((a, b) => a - b);
  let taken = -Infinity;
  for (const share of [99, 50]) {
    const ms = ordered[Math.ceil((share / 100) * ordered.length) - 1];
    const y = yOf(ms);
    context.setLineDash([4, 4]);
    context.strokeStyle = palette.dim;
    line(context, LEFT, y, width - RIGHT, y);
    context.setLineDash([]);
    context.fillStyle = palette.text;
    context.textAlign = 'left';
    context.textBaseline = 'middle';
    taken = Math.max(y, taken + 13);
    context.fillText(`p${share} ${duration(ms)}`, width - RIGHT + 6, taken);
  }
  return spots;
};

/** What the caller waited, in ms. */
export function wait(one: Invocation): number {
  return one.init_ms + one.duration_ms;
}

/** Shapes differ as well as colours: a circle, a diamond for a cold start, a cross for a failure. */
function point(canvas: ICanvas, one: Invocation, x: number, y: number, radius: number): void {
  const { context, palette } = canvas;
  context.beginPath();
  if (failed(one)) {
    context.strokeStyle = palette.error;
    context.lineWidth = 2;
    context.moveTo(x - radius, y - radius);
    context.lineTo(x + radius, y + radius);
    context.moveTo(x + radius, y - radius);
    context.lineTo(x - radius, y + radius);
    context.stroke();
    context.lineWidth = 1;
  } else if (one.init_ms > 0) {
    const r = radius * 1.3;
    context.fillStyle = palette.cold;
    context.moveTo(x, y - r);
    context.lineTo(x + r, y);
    context.lineTo(x, y + r);
    context.lineTo(x - r, y);
    context.fill();
  } else {
    context.fillStyle = palette.running;
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
  }
}

/** 1, 2 and 5 of each power of ten. */
function logTicks(from: number, to: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(from)); 10 ** power <= to; power++) {
    ticks.push(...[1, 2, 5].map(one => one * 10 ** power));
  }
  return ticks.filter(one => one >= from && one <= to);
}

function linearTicks(to: number): number[] {
  const rough = to / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(one => one * power).find(one => one >= rough) ?? rough;
  return Array.from({ length: Math.floor(to / step) + 1 }, (_, i) => i * step);
}
