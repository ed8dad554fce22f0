import { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { element } from '../dom';
import { clock, count, duration } from '../../shared/figures';
import { arrivals } from './arrivals';
import { ActivityFeed, brief, Invocation, same } from './feed';
import { gantt, heightOf, lanes, MOST_LANES } from './gantt';
import { latency } from './latency';
import { Draw, ICanvas, ISpot, palette } from './paint';

interface IChart {
  draw: Draw;
  canvas: HTMLCanvasElement;
  height: () => number;
  spots: ISpot[];
}

/** Pixels around the pointer in which an invocation counts as meant. */
const NEAR = 8;

/** The charts over time. They move with the clock, and cost nothing while nobody looks. */
export class Charts extends Widget {
  constructor(
    private _feed: ActivityFeed,
    private _trans: TranslationBundle,
    private _open: (invocation: Invocation) => void
  ) {
    super();
    this.addClass('lnb-charts');
    const trans = _trans;
    this._tip = element('div', { className: 'lnb-tip', hidden: true });
    this._said = element('p', { className: 'lnb-hidden', attributes_: { 'aria-live': 'polite' } });
    this._more = element('p', { className: 'lnb-dim' });
    this._charts = [
      this._chart(trans.__('Environments'), gantt, () =>
        heightOf(lanes(_feed.activity?.environments ?? []).length)
      ),
      this._chart(trans.__('Latency: init and duration'), latency, () => 150),
      this._chart(trans.__('Invocations'), arrivals, () => 90)
    ];
    this.node.append(this._legend(), this._tip, this._said);
    this.node.tabIndex = 0;
    this.node.setAttribute('role', 'group');
    this.node.setAttribute('aria-roledescription', trans.__('charts'));
    this.node.setAttribute(
      'aria-label',
      trans.__(
        'Charts over time. Left and right arrow choose an invocation, Enter opens its log. The table below has the same figures.'
      )
    );
    this.node.addEventListener('keydown', event => this._onKey(event));
    this.node.addEventListener('focusout', () => this._choose(null));
    _feed.changed.connect(() => this._wake());
    this._sizes = new ResizeObserver(() => this._wake());
    this._sizes.observe(this.node);
  }

  /** Draw while somebody looks. */
  look(on: boolean): void {
    this._looking = on;
    if (on) {
      this._wake();
    } else {
      cancelAnimationFrame(this._frame);
      this._frame = 0;
    }
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.look(false);
      this._sizes.disconnect();
      super.dispose();
    }
  }

  private _chart(title: string, draw: Draw, height: () => number): IChart {
    const canvas = element('canvas', { attributes_: { 'aria-hidden': 'true' } });
    const chart: IChart = { draw, canvas, height, spots: [] };
    canvas.addEventListener('pointermove', event => {
      this._pointer = { chart, x: event.offsetX, y: event.offsetY };
      this._wake();
    });
    canvas.addEventListener('pointerleave', () => {
      this._pointer = null;
      this._wake();
    });
    canvas.addEventListener('click', () => {
      const found = this._pointed();
      if (found) {
        this._open(found);
      }
    });
    const scroll = element('div', { className: 'lnb-chart' }, canvas);
    this.node.append(element('h3', { textContent: title }), scroll);
    if (draw === gantt) {
      this.node.append(this._more);
    }
    return chart;
  }

  private _legend(): HTMLElement {
    const trans = this._trans;
    const words: [string, string][] = [
      ['cold', trans.__('init phase, cold start (◆)')],
      ['running', trans.__('running (●)')],
      ['error', trans.__('failed or timed out (✕)')],
      ['throttled', trans.__('throttled')],
      ['idle', trans.__('idle: frozen between invocations')]
    ];
    return element(
      'div',
      { className: 'lnb-legend' },
      ...words.map(([kind, text]) =>
        element('span', {}, element('i', { className: `lnb-swatch lnb-swatch-${kind}` }), text)
      )
    );
  }

  /** Draw with the next frame. */
  private _wake(): void {
    this._due = true;
    if (this._looking && !this._frame) {
      this._frame = requestAnimationFrame(() => this._draw());
    }
  }

  private _draw(): void {
    this._frame = 0;
    if (!this._looking || this.isDisposed) {
      return;
    }
    const to = this._feed.now;
    const from = to - this._feed.window * 1000;
    const wide = this.node.clientWidth;
    // Less than half a pixel of movement is not seen.
    const still = (Math.abs(to - this._drawn) / (to - from)) * wide < 0.5;
    if (this._due || !still) {
      this._due = false;
      this._drawn = to;
      const colours = palette(this.node);
      for (const chart of this._charts) {
        const canvas = sized(chart.canvas, chart.height(), colours);
        if (canvas) {
          chart.spots = chart.draw(canvas, { from, to }, this._feed, this._hot(), this._trans);
        }
      }
      this._tell();
    }
    if (!this._feed.paused && this._moving(from)) {
      this._frame = requestAnimationFrame(() => this._draw());
    }
  }

  /** Whether there is anything that time moves. */
  private _moving(from: number): boolean {
    const activity = this._feed.activity;
    return (
      activity !== null &&
      (activity.environments.length > 0 || activity.invocations.some(one => one.at > from))
    );
  }

  private _hot(): Invocation | null {
    return this._chosen ?? this._pointed();
  }

  private _pointed(): Invocation | null {
    if (!this._pointer) {
      return null;
    }
    const { chart, x, y } = this._pointer;
    let best: ISpot | null = null;
    let least = NEAR;
    for (const spot of chart.spots) {
      const dx = Math.max(spot.x - x, 0, x - spot.x - spot.width);
      const dy = Math.max(spot.y - y, 0, y - spot.y - spot.height);
      const far = Math.hypot(dx, dy);
      if (far <= least) {
        best = spot;
        least = far;
      }
    }
    return best?.invocation ?? null;
  }

  private _onKey(event: KeyboardEvent): void {
    const all = this._feed.activity?.invocations ?? [];
    const at = all.findIndex(one => same(one, this._chosen));
    const steps: { [key: string]: number } = {
      ArrowLeft: at < 0 ? all.length - 1 : at - 1,
      ArrowRight: at < 0 ? all.length - 1 : at + 1,
      Home: 0,
      End: all.length - 1
    };
    if (event.key in steps) {
      event.preventDefault();
      this._choose(all[Math.max(0, Math.min(all.length - 1, steps[event.key]))] ?? null);
    } else if (event.key === 'Enter' && this._chosen) {
      this._open(this._chosen);
    } else if (event.key === 'Escape') {
      this._choose(null);
    }
  }

  private _choose(invocation: Invocation | null): void {
    this._chosen = invocation;
    this._said.textContent = invocation ? words(invocation, this._trans).join(', ') : '';
    this._wake();
  }

  /** The figures of the invocation that is pointed at or chosen, beside it. */
  private _tell(): void {
    this._left();
    const hot = this._hot();
    const charts = this._chosen || !this._pointer ? this._charts : [this._pointer.chart];
    const found = charts
      .flatMap(chart => chart.spots.map(spot => ({ chart, spot })))
      .find(({ spot }) => spot.invocation === hot);
    for (const chart of this._charts) {
      chart.canvas.style.cursor = this._pointer?.chart === chart && hot ? 'pointer' : '';
    }
    this._tip.hidden = !hot || !found;
    if (!hot || !found) {
      return;
    }
    this._tip.replaceChildren(
      ...words(hot, this._trans).map(text => element('div', { textContent: text }))
    );
    const { canvas } = found.chart;
    const left = canvas.offsetLeft + found.spot.x + 12;
    const most = this.node.clientWidth - this._tip.offsetWidth - 4;
    this._tip.style.left = `${Math.max(0, Math.min(left, most))}px`;
    this._tip.style.top = `${canvas.offsetTop + found.spot.y + found.spot.height + 10}px`;
  }

  /** Say what is left out, if anything is. */
  private _left(): void {
    const { environments, invocations, summary } = this._feed.activity ?? {
      environments: [],
      invocations: [],
      summary: { invocations: 0 }
    };
    const words = [];
    if (environments.length > MOST_LANES) {
      words.push(
        this._trans.__('%1 of %2 environments are shown.', MOST_LANES, count(environments.length))
      );
    }
    if (summary.invocations > invocations.length) {
      words.push(
        this._trans.__(
          'The charts have the latest %1 of %2 invocations; the figures above count all.',
          count(invocations.length),
          count(summary.invocations)
        )
      );
    }
    this._more.hidden = words.length === 0;
    this._more.textContent = words.join(' ');
  }

  private _charts: IChart[];
  private _tip: HTMLElement;
  private _said: HTMLElement;
  private _more: HTMLElement;
  private _sizes: ResizeObserver;
  private _pointer: { chart: IChart; x: number; y: number } | null = null;
  private _chosen: Invocation | null = null;
  private _looking = false;
  private _due = true;
  private _drawn = 0;
  private _frame = 0;
}

/** The canvas at the size of its place; null while it has none. */
function sized(
  node: HTMLCanvasElement,
  height: number,
  colours: ICanvas['palette']
): ICanvas | null {
  const context = node.getContext('2d');
  const width = node.parentElement?.clientWidth ?? 0;
  if (!context || width < 120) {
    return null;
  }
  const ratio = window.devicePixelRatio || 1;
  if (node.width !== Math.round(width * ratio) || node.height !== Math.round(height * ratio)) {
    node.width = Math.round(width * ratio);
    node.height = Math.round(height * ratio);
    node.style.width = `${width}px`;
    node.style.height = `${height}px`;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { context, width, height, palette: colours };
}

function words(one: Invocation, trans: TranslationBundle): string[] {
  return [
    `${clock(one.at, false, true)} · ${one.status}${one.start ? ` · ${one.start}` : ''}`,
    one.status === 'throttled'
      ? ''
      : trans.__('duration %1, billed %2 ms', duration(one.duration_ms), one.billed_ms),
    one.init_ms > 0 ? trans.__('init %1', duration(one.init_ms)) : '',
    one.max_memory_mb !== null ? trans.__('memory %1 MB', one.max_memory_mb) : '',
    trans.__('version %1, environment %2', one.version, brief(one.environment) || '–'),
    trans.__('request %1', one.request_id)
  ].filter(Boolean);
}
