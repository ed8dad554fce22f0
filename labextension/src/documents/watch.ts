import { IDisposable } from '@lumino/disposable';

import { IKernelLink } from '../tokens';
import { Subject } from './subject';

const AGAIN_MS = 5000;

/** A watch that begins again when the notebook is opened again or its function comes back. */
export class Watch<T> implements IDisposable {
  constructor(
    private _subject: Subject,
    private _action: 'watch_logs' | 'watch_activity',
    private _args: () => { name: string; last?: string; window_s?: number },
    private _pushed: (value: T) => void,
    private _failed: (message: string) => void
  ) {
    _subject.changed.connect(this._onSubject, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  start(): void {
    if (!this._on) {
      this._on = true;
      this._begin();
    }
  }

  stop(): void {
    this._on = false;
    this._end();
  }

  /** Begin anew, with other arguments. */
  restart(): void {
    this._end();
    this._begin();
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this.stop();
      this._subject.changed.disconnect(this._onSubject, this);
    }
  }

  private _begin(): void {
    const { link } = this._subject;
    this._link = link;
    if (!this._on || !link) {
      return;
    }
    const watch = link.watch<T>(
      this._action,
      this._args(),
      value => {
        if (this._watch === watch) {
          this._pushed(value);
        }
      },
      error => {
        if (this._watch === watch) {
          this._end();
          this._failed(error.message);
          this._timer = window.setTimeout(() => {
            this._refused = true;
            this._onSubject();
          }, AGAIN_MS);
        }
      }
    );
    this._watch = watch;
    this._refused = false;
  }

  private _end(): void {
    window.clearTimeout(this._timer);
    this._watch?.dispose();
    this._watch = null;
  }

  private _onSubject(): void {
    const { link, reach } = this._subject;
    const back = reach === 'here' && this._reach !== 'here';
    this._reach = reach;
    if (!this._on) {
      return;
    }
    if (link !== this._link) {
      this.restart();
    } else if (this._watch === null && reach === 'here' && (back || this._refused)) {
      this._begin();
    }
  }

  private _link: IKernelLink | undefined;
  private _watch: IDisposable | null = null;
  private _reach = '';
  private _refused = false;
  private _on = false;
  private _timer = 0;
  private _isDisposed = false;
}
