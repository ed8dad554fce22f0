import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { IActivity } from '../../protocol';
import { Subject } from '../subject';
import { Watch } from '../watch';

export type Invocation = IActivity['invocations'][number];
export type Environment = IActivity['environments'][number];

/** Whether two are the same attempt; a request that is tried again keeps its id. */
export function same(one: Invocation, other: Invocation | null): boolean {
  return one.request_id === other?.request_id && one.at === other.at;
}

/** Whether the function failed or ran out of time. */
export function failed(one: Invocation): boolean {
  return one.status === 'error' || one.status === 'timeout';
}

/** An environment's name for people: its id is that of its log stream, `2026/11/30/[1]a1b2c3...`. */
export function brief(environment: string): string {
  return environment.replace(/^.*\]/, '').slice(0, 6);
}

/** A difference of clocks above this is taken over at once, in ms; a smaller one little by little. */
const JUMP_MS = 2000;

/** A function's activity, as the kernel tells it, with a clock that runs between its news. */
export class ActivityFeed implements IDisposable {
  constructor(subject: Subject) {
    this._watch = new Watch<IActivity>(
      subject,
      'watch_activity',
      () => ({ name: subject.name, window_s: this._window }),
      activity => this._take(activity),
      fault => {
        this._fault = fault;
        this._changed.emit();
      }
    );
  }

  get changed(): ISignal<ActivityFeed, void> {
    return this._changed;
  }

  /** Null before the first news. */
  get activity(): IActivity | null {
    return this._activity;
  }

  get fault(): string {
    return this._fault;
  }

  /** Seconds that are shown. */
  get window(): number {
    return this._window;
  }

  set window(seconds: number) {
    if (seconds !== this._window) {
      this._window = seconds;
      this.paused = false;
      this._watch.restart();
    }
  }

  get paused(): boolean {
    return this._paused !== null;
  }

  set paused(paused: boolean) {
    if (paused === this.paused) {
      return;
    }
    this._paused = paused ? this.now : null;
    if (!paused && this._next) {
      this._take(this._next);
    }
    this._changed.emit();
  }

  /** The kernel's time, in ms since 1970. */
  get now(): number {
    return this._paused ?? performance.now() + this._offset;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** When an environment was first seen at its present work. */
  since(environment: Environment): number {
    return this._since.get(environment.id)?.at ?? environment.began_at;
  }

  /** Ask for news only while somebody looks. */
  look(on: boolean): void {
    if (on) {
      this._watch.start();
    } else {
      this._watch.stop();
    }
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._watch.dispose();
      Signal.clearData(this);
    }
  }

  private _take(activity: IActivity): void {
    this._fault = '';
    if (this.paused) {
      this._next = activity;
      return;
    }
    this._next = null;
    const offset = activity.now - performance.now();
    const drift = offset - this._offset;
    this._offset = Math.abs(drift) > JUMP_MS ? offset : this._offset + drift / 10;
    this._activity = activity;
    const before = this._since;
    this._since = new Map();
    for (const { id, state } of activity.environments) {
      const known = before.get(id);
      this._since.set(id, known?.state === state ? known : { state, at: activity.now });
    }
    this._changed.emit();
  }

  private _watch: Watch<IActivity>;
  private _activity: IActivity | null = null;
  private _next: IActivity | null = null;
  private _since = new Map<string, { state: string; at: number }>();
  private _fault = '';
  private _window = 300;
  private _paused: number | null = null;
  private _offset = Date.now() - performance.now();
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}
