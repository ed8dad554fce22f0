import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { IEvent } from '../../protocol';
import { Subject } from '../subject';

/** Pictures come with every invocation; the list is asked for no oftener than this. */
const PAUSE_MS = 700;

/** What reached a function lately; while it follows, new events come by themselves. */
export class EventsModel implements IDisposable {
  constructor(readonly subject: Subject) {
    subject.changed.connect(this._onSubject, this);
  }

  get changed(): ISignal<EventsModel, void> {
    return this._changed;
  }

  /** The latest first; null before the first answer. */
  get events(): readonly IEvent[] | null {
    return this._events;
  }

  /** Why there is no list. */
  get fault(): string {
    return this._fault;
  }

  get last(): string {
    return this._last;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Look back this long: `15min`, `1h`, `1d`. */
  lookBack(last: string): void {
    this._last = last;
    void this.refresh();
  }

  /** Begin or end to ask for news whenever the function was invoked. */
  follow(on: boolean): void {
    if (on !== this._follows) {
      this._follows = on;
      this._seen = '';
      this._onSubject();
    }
  }

  async refresh(): Promise<void> {
    const { reach, name } = this.subject;
    if (reach !== 'here') {
      return;
    }
    const asked = ++this._asked;
    let events = this._events;
    let fault = '';
    try {
      events = await this.subject.ask('events', { name, last: this._last });
    } catch (reason) {
      fault = (reason as Error).message;
    }
    // An answer that was overtaken by a later question says nothing any more.
    if (asked === this._asked && !this._isDisposed) {
      this._events = events;
      this._fault = fault;
      this._changed.emit();
    }
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      window.clearTimeout(this._timer);
      this.subject.changed.disconnect(this._onSubject, this);
      Signal.clearData(this);
    }
  }

  private _onSubject(): void {
    const { lambda, reach } = this.subject;
    if (!this._follows || !lambda || reach !== 'here') {
      return;
    }
    const { invocations, errors, throttles, environments, last, modified_at } = lambda;
    const seen = JSON.stringify([invocations, errors, throttles, environments, last, modified_at]);
    if (seen !== this._seen) {
      this._seen = seen;
      window.clearTimeout(this._timer);
      this._timer = window.setTimeout(() => void this.refresh(), this._events ? PAUSE_MS : 0);
    }
  }

  private _events: readonly IEvent[] | null = null;
  private _fault = '';
  private _last = '1h';
  private _follows = false;
  private _seen = '';
  private _asked = 0;
  private _timer = 0;
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}
