import { TranslationBundle } from '@jupyterlab/translation';

import { clock } from '../../shared/figures';
import { ActivityFeed, Invocation } from './feed';

/** Colours of the theme. */
export interface IPalette {
  text: string;
  dim: string;
  grid: string;
  ground: string;
  idle: string;
  running: string;
  cold: string;
  error: string;
  font: string;
}

/** A chart's canvas while it is drawn; sizes in CSS pixels. */
export interface ICanvas {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
  palette: IPalette;
}

/** The time on the x axis, in ms since 1970. */
export interface ITimes {
  from: number;
  to: number;
}

/** Where an invocation was drawn. */
export interface ISpot {
  invocation: Invocation;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Draws a chart of these times; gives the places of its invocations. `hot` is pointed at. */
export type Draw = (
  canvas: ICanvas,
  times: ITimes,
  feed: ActivityFeed,
  hot: Invocation | null,
  trans: TranslationBundle
) => ISpot[];

export const LEFT = 54;
export const RIGHT = 86;
export const AXIS = 18;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600];

/** The colours of an element's theme. */
export function palette(node: Element): IPalette {
  const style = getComputedStyle(node);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: of('--jp-ui-font-color1'),
    dim: of('--jp-ui-font-color2'),
    grid: of('--jp-border-color2'),
    ground: of('--jp-layout-color1'),
    idle: of('--jp-layout-color3'),
    running: of('--jp-brand-color1'),
    cold: of('--jp-warn-color1'),
    error: of('--jp-error-color1'),
    font: `11px ${of('--jp-ui-font-family') || 'sans-serif'}`
  };
}

export function xOf(canvas: ICanvas, times: ITimes, at: number): number {
  const wide = canvas.width - LEFT - RIGHT;
  return LEFT + ((at - times.from) / (times.to - times.from)) * wide;
}

/** An empty canvas with vertical lines at round times, and the times below. */
export function timeAxis(canvas: ICanvas, times: ITimes): void {
  const { context, width, height, palette } = canvas;
  context.clearRect(0, 0, width, height);
  context.font = palette.font;
  context.lineWidth = 1;
  context.textAlign = 'center';
  context.textBaseline = 'alphabetic';
  const span = (times.to - times.from) / 1000;
  const most = Math.max(2, Math.floor((width - LEFT - RIGHT) / 90));
  const step = 1000 * (STEPS_S.find(one => span / one <= most) ?? 1800);
  for (let at = Math.ceil(times.from / step) * step; at <= times.to; at += step) {
    const x = xOf(canvas, times, at);
    context.strokeStyle = palette.grid;
    line(context, x, 0, x, height - AXIS);
    context.fillStyle = palette.dim;
    context.fillText(clock(at).slice(-8), x, height - 5);
  }
}

/** A horizontal line with a label at the left. */
export function level(canvas: ICanvas, y: number, label: string): void {
  const { context, width, palette } = canvas;
  context.strokeStyle = palette.grid;
  line(context, LEFT, y, width - RIGHT, y);
  context.fillStyle = palette.dim;
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  context.fillText(label, LEFT - 6, y);
}

export function line(
  context: CanvasRenderingContext2D,
  x0: number,
  y0: number,
  x1: number,
  y1: number
): void {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

/** A sentence in the middle of a canvas with nothing to draw. */
export function nothing(canvas: ICanvas, words: string): void {
  const { context, width, height, palette } = canvas;
  context.fillStyle = palette.dim;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(words, width / 2, (height - AXIS) / 2);
}

/** Keep what is drawn inside the axes. */
export function inside(canvas: ICanvas, draw: () => void): void {
  const { context, width, height } = canvas;
  context.save();
  context.beginPath();
  context.rect(LEFT, 0, width - LEFT - RIGHT, height - AXIS);
  context.clip();
  draw();
  context.restore();
}
