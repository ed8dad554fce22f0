import { count } from '../../shared/figures';
import { failed, Invocation } from './feed';
import { AXIS, Draw, inside, level, nothing, timeAxis, xOf } from './paint';

const BARS = 60;
const TOP = 8;

/** Invocations per bar, stacked: warm, cold, failed, and throttled as an outline. */
export const arrivals: Draw = (canvas, times, feed, _hot, trans) => {
  timeAxis(canvas, times);
  const all = feed.activity?.invocations ?? [];
  const step = (times.to - times.from) / BARS;
  const bars = new Map<number, [number, number, number, number]>();
  for (const one of all) {
    // Bars begin at whole multiples of their width: they move, and keep what they hold.
    const bar = Math.floor(one.at / step);
    const counts = bars.get(bar) ?? [0, 0, 0, 0];
    counts[kind(one)] += 1;
    bars.set(bar, counts);
  }
  const most = Math.max(0, ...[...bars.values()].map(sum));
  if (most === 0) {
    nothing(canvas, trans.__('No invocation in this time.'));
    return [];
  }
  const { context, palette, height } = canvas;
  const yOf = (n: number) => TOP + (1 - n / most) * (height - AXIS - TOP);
  level(canvas, yOf(most), count(most));
  if (most >= 4 && most % 2 === 0) {
    level(canvas, yOf(most / 2), count(most / 2));
  }
  const colours = [palette.running, palette.cold, palette.error];
  inside(canvas, () =>
    bars.forEach((counts, bar) => {
      const x = xOf(canvas, times, bar * step);
      const width = Math.max(1, xOf(canvas, times, (bar + 1) * step) - x - 1);
      let low = 0;
      counts.forEach((n, i) => {
        if (n === 0) {
          return;
        }
        const y = yOf(low + n);
        const high = yOf(low) - y;
        low += n;
        if (i < 3) {
          context.fillStyle = colours[i];
          context.fillRect(x, y, width, high);
        } else {
          context.strokeStyle = palette.error;
          context.strokeRect(x + 0.5, y + 0.5, Math.max(1, width - 1), Math.max(1, high - 1));
        }
      });
    })
  );
  return [];
};

function kind(one: Invocation): 0 | 1 | 2 | 3 {
  if (one.status === 'throttled') {
    return 3;
  }
  return failed(one) ? 2 : one.init_ms > 0 ? 1 : 0;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, one) => all + one, 0);
}
