import { ISignal, Signal } from '@lumino/signaling';

import { ILogLine } from '../../protocol';
import { ILine, read } from './lines';

/** Lines that are kept; beyond it the oldest go, so many at once. */
export const MOST_LINES = 10_000;
const AT_ONCE = 1000;

/** What changed: lines came at the end, lines went from the beginning. */
export interface IChange {
  added: readonly ILine[];
  removed: readonly ILine[];
}

/** The lines that a log document keeps. While it is paused, lines wait. */
export class LogStore {
  get changed(): ISignal<LogStore, IChange> {
    return this._changed;
  }

  get lines(): readonly ILine[] {
    return this._lines;
  }

  /** Lines that went because there were too many. */
  get dropped(): number {
    return this._dropped;
  }

  /** Lines that wait while the store is paused. */
  get waiting(): number {
    return this._waiting.length;
  }

  get paused(): boolean {
    return this._paused;
  }

  set paused(paused: boolean) {
    this._paused = paused;
    const waiting = this._waiting;
    if (!paused) {
      this._waiting = [];
    }
    this._add(paused ? [] : waiting);
  }

  /** Take new lines; those that are there already are left out. */
  push(lines: readonly ILogLine[]): void {
    const fresh = lines.filter(line => !this._ids.has(line.id)).map(read);
    fresh.forEach(line => this._ids.add(line.id));
    if (this._paused) {
      this._waiting.push(...fresh);
      this._dropped += this._forget(this._waiting).length;
      this._changed.emit({ added: [], removed: [] });
    } else if (fresh.length > 0) {
      this._add(fresh);
    }
  }

  /** Forget all lines that are shown. Their ids stay, so that they do not come again. */
  clear(): void {
    const removed = this._lines;
    this._lines = [];
    this._dropped = 0;
    this._changed.emit({ added: [], removed });
  }

  /** Forget everything: all lines may come again. */
  restart(): void {
    this._waiting = [];
    this._ids.clear();
    this.clear();
  }

  private _add(added: ILine[]): void {
    this._lines.push(...added);
    const removed = this._forget(this._lines);
    this._dropped += removed.length;
    removed.forEach(line => this._ids.delete(line.id));
    const gone = new Set(removed);
    this._changed.emit({ added: added.filter(line => !gone.has(line)), removed });
  }

  private _forget(lines: ILine[]): ILine[] {
    const over = lines.length - MOST_LINES;
    return over > 0 ? lines.splice(0, Math.ceil(over / AT_ONCE) * AT_ONCE) : [];
  }

  private _lines: ILine[] = [];
  private _waiting: ILine[] = [];
  private _ids = new Set<string>();
  private _paused = false;
  private _dropped = 0;
  private _changed = new Signal<this, IChange>(this);
}
