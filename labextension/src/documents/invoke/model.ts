import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { IDetails, ISample } from '../../protocol';
import { bounded, History, IKept, IRun, NOTHING } from '../history';
import { Subject } from '../subject';

/** What the payload editor knows: its runs, the run that is shown, and what can be chosen. */
export class InvokeModel implements IDisposable {
  constructor(
    readonly subject: Subject,
    private _history: History
  ) {
    this.ready = this._load();
    subject.changed.connect(this._onSubject, this);
    subject.moved.connect(this._keep, this);
    this._onSubject();
  }

  /** The history is there. */
  readonly ready: Promise<void>;

  get changed(): ISignal<InvokeModel, void> {
    return this._changed;
  }

  /** The latest first. */
  get runs(): readonly IRun[] {
    return this._kept.runs;
  }

  /** The run whose result is shown. */
  get shown(): IRun | null {
    return this._kept.runs.find(run => run.id === this._shown) ?? null;
  }

  get details(): IDetails | null {
    return this._details;
  }

  get samples(): readonly ISample[] {
    return this._samples;
  }

  get draft(): string {
    return this._kept.draft;
  }

  get qualifier(): string {
    return this._kept.qualifier;
  }

  get asynchronous(): boolean {
    return this._kept.asynchronous;
  }

  /** Whether the function can be asked now, or after the current cell. */
  get runnable(): boolean {
    const { reach } = this.subject;
    return reach === 'here' || reach === 'waiting';
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  set(change: Partial<Omit<IKept, 'runs'>>): void {
    this._kept = { ...this._kept, ...change };
    this._keep();
    if (change.draft === undefined) {
      this._changed.emit();
    }
  }

  show(id: number): void {
    this._shown = id;
    this._changed.emit();
  }

  /** Run the function with a payload; its run is shown from now on. */
  async run(payload: string): Promise<void> {
    const { name } = this.subject;
    const { qualifier, asynchronous } = this._kept;
    const id = Math.max(0, ...this.runs.map(run => run.id)) + 1;
    const begun: IRun = {
      id,
      at: Date.now(),
      qualifier,
      asynchronous,
      payload,
      state: 'running',
      result: null,
      fault: ''
    };
    this._kept = { ...this._kept, runs: bounded([begun, ...this.runs]) };
    this._shown = id;
    void this._save();
    this._changed.emit();
    try {
      const args = { name, payload, asynchronous, ...(qualifier ? { qualifier } : {}) };
      this._finish(id, { state: 'done', result: await this.subject.ask('invoke', args) });
    } catch (reason) {
      this._finish(id, { state: 'failed', fault: (reason as Error).message });
    }
  }

  /** Forget the runs that have ended. */
  clear(): void {
    this._kept = { ...this._kept, runs: this.runs.filter(run => run.state === 'running') };
    void this._save();
    this._changed.emit();
  }

  sample(source: string): Promise<string> {
    return this.subject.ask('sample', { source });
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      window.clearTimeout(this._timer);
      void this._save();
      this.subject.changed.disconnect(this._onSubject, this);
      Signal.clearData(this);
    }
  }

  private async _load(): Promise<void> {
    const { path, name } = this.subject;
    this._kept = await this._history.load(path, name);
    this._shown = this._kept.runs[0]?.id ?? 0;
    this._changed.emit();
  }

  private _finish(id: number, end: Partial<IRun>): void {
    const runs = this.runs.map(run => (run.id === id ? { ...run, ...end } : run));
    this._kept = { ...this._kept, runs };
    void this._save();
    this._changed.emit();
  }

  /** Versions and samples are asked for once the function is there, and again when it changed. */
  private _onSubject(): void {
    const { lambda, reach, link } = this.subject;
    if (reach === 'here' && lambda && lambda.modified_at !== this._seen) {
      this._seen = lambda.modified_at;
      void this.refresh();
    }
    if (reach === 'here' && this._samples.length === 0 && link) {
      void link.ask('samples', {}).then(
        samples => {
          this._samples = samples;
          this._changed.emit();
        },
        () => undefined // the next change of the kernel asks again
      );
    }
    this._changed.emit();
  }

  /** Ask for versions and aliases. */
  async refresh(): Promise<void> {
    try {
      this._details = await this.subject.ask('details', { name: this.subject.name });
      this._changed.emit();
    } catch {
      // The banner says why the function cannot be reached.
    }
  }

  /** Save after a burst of changes: key presses come by the dozen. */
  private _keep(): void {
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => void this._save(), 500);
  }

  private async _save(): Promise<void> {
    await this.ready;
    await this._history.save(this.subject.path, this.subject.name, this._kept);
  }

  private _kept: IKept = NOTHING;
  private _shown = 0;
  private _details: IDetails | null = null;
  private _samples: readonly ISample[] = [];
  private _seen = 0;
  private _timer = 0;
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}
