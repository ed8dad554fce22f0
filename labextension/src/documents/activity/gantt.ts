import { brief, Environment, failed, Invocation, same } from './feed';
import { AXIS, Draw, inside, ISpot, LEFT, nothing, timeAxis, xOf } from './paint';

const LANE = 18;
const THIN_LANE = 8;
/** With more environments than this, lanes are thin. */
const THICK = 24;
/** Environments that are drawn. */
export const MOST_LANES = 80;

/** The environments to draw: those that live, and the latest of those that are gone. */
export function lanes(environments: readonly Environment[]): readonly Environment[] {
  if (environments.length <= MOST_LANES) {
    return environments;
  }
  const alive = environments.filter(one => one.ended_at === null);
  const gone = environments.filter(one => one.ended_at !== null);
  const kept = new Set([...gone, ...alive].slice(-MOST_LANES));
  return environments.filter(one => kept.has(one));
}

export function heightOf(count: number): number {
  return Math.max(3, count) * (count > THICK ? THIN_LANE : LANE) + AXIS + 4;
}

/** Each environment over time: init, running, idle, gone. */
export const gantt: Draw = (canvas, times, feed, hot, trans) => {
  timeAxis(canvas, times);
  const activity = feed.activity;
  const shown = lanes(activity?.environments ?? []);
  if (!activity || shown.length === 0) {
    nothing(canvas, trans.__('No environment in this time.'));
    return [];
  }
  const { context, palette } = canvas;
  const lane = shown.length > THICK ? THIN_LANE : LANE;
  const served = new Map<string, Invocation[]>();
  for (const one of activity.invocations) {
    const list = served.get(one.environment);
    if (list) {
      list.push(one);
    } else {
      served.set(one.environment, [one]);
    }
  }
  if (lane === LANE) {
    context.fillStyle = palette.dim;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    shown.forEach((one, i) => context.fillText(brief(one.id), LEFT - 6, i * lane + lane / 2 + 2));
  }
  const spots: ISpot[] = [];
  inside(canvas, () =>
    shown.forEach((environment, i) => {
      const y = i * lane + 3;
      const bar = (from: number, to: number, colour: string, high = lane - 4, least = 1) => {
        const x0 = Math.max(0, xOf(canvas, times, from));
        const x1 = xOf(canvas, times, to);
        context.fillStyle = colour;
        const width = Math.max(least, x1 - x0);
        context.fillRect(x0, y + (lane - 4 - high) / 2, width, high);
        return { x: x0, y, width, height: lane - 4 };
      };
      const own = served.get(environment.id) ?? [];
      const end = environment.ended_at ?? times.to;
      bar(environment.began_at, end, palette.idle, (lane - 4) / 2);
      const first = own.find(one => one.init_ms > 0);
      if (environment.state === 'initialising') {
        bar(environment.began_at, times.to, palette.cold);
      } else if (!first && own.length === 0 && environment.state === 'running') {
        bar(environment.began_at, feed.since(environment), palette.cold);
      }
      for (const one of own) {
        const ran = one.at + one.init_ms;
        const spot = bar(
          ran,
          ran + one.duration_ms,
          failed(one) ? palette.error : palette.running,
          lane - 4,
          2
        );
        if (one.init_ms > 0) {
          // A short init phase stays visible: it goes before the run, not below it.
          const least = spot.x - 3;
          const begin = Math.min(xOf(canvas, times, one.at), least);
          context.fillStyle = palette.cold;
          context.fillRect(begin, y, spot.x - begin, lane - 4);
        }
        const x = Math.max(0, xOf(canvas, times, one.at));
        spots.push({ invocation: one, ...spot, x, width: spot.x + spot.width - x });
        if (same(one, hot)) {
          context.strokeStyle = palette.text;
          context.lineWidth = 2;
          context.strokeRect(x - 1, y - 1, spot.x + spot.width - x + 2, lane - 2);
          context.lineWidth = 1;
        }
      }
      if (environment.state === 'running') {
        bar(feed.since(environment), times.to, palette.running);
      }
      if (environment.ended_at !== null) {
        const x = xOf(canvas, times, environment.ended_at);
        context.fillStyle = palette.dim;
        context.fillRect(x - 1, y, 2, lane - 4);
      }
    })
  );
  return spots;
};
