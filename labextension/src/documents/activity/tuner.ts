import { ISignal, Signal } from '@lumino/signaling';

import { ITuning } from '../../protocol';
import { Subject } from '../subject';

/** Memory sizes that are tried unless one asks for others. */
export const SIZES = [128, 256, 512, 1024, 1769, 3008];

/** Runs a function at several memory sizes and tells which is best. */
export class Tuner {
  constructor(private _subject: Subject) {}

  get changed(): ISignal<Tuner, void> {
    return this._changed;
  }

  get running(): boolean {
    return this._running;
  }

  get tuning(): ITuning | null {
    return this._tuning;
  }

  get fault(): string {
    return this._fault;
  }

  /** What was done last, in words. */
  get done(): string {
    return this._done;
  }

  async tune(payload: string, memories: number[]): Promise<void> {
    this._set({ running: true, tuning: null });
    try {
      const { name } = this._subject;
      const args = { name, payload, memories };
      const told = (tuning: ITuning) => this._set({ running: true, tuning });
      const tuning = await this._subject.linked().askFor('tune', args, told);
      this._set({ tuning });
    } catch (reason) {
      this._set({ tuning: this._tuning, fault: (reason as Error).message });
    }
  }

  /** Give the function this memory from now on. */
  async use(memory_mb: number, done: string): Promise<void> {
    const { _tuning: tuning } = this;
    try {
      const { name } = this._subject;
      await this._subject.ask('update_settings', { name, settings: { memory_mb } });
      this._set({ tuning, done });
    } catch (reason) {
      this._set({ tuning, fault: (reason as Error).message });
    }
  }

  private _set(now: {
    running?: boolean;
    tuning: ITuning | null;
    fault?: string;
    done?: string;
  }): void {
    this._running = now.running ?? false;
    this._tuning = now.tuning;
    this._fault = now.fault ?? '';
    this._done = now.done ?? '';
    this._changed.emit();
  }

  private _running = false;
  private _tuning: ITuning | null = null;
  private _fault = '';
  private _done = '';
  private _changed = new Signal<this, void>(this);
}
