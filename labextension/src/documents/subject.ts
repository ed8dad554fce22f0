import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Action, IActions, IFunction } from '../protocol';
import { ActionError, IKernelLink, IWorkbench } from '../tokens';

/**
 * How a document's function can be reached. `closed`: its notebook is not open. `absent`: the kernel
 * has not loaded lambda_nb. `waiting`: it answers after the current cell. `connecting`: it has not
 * told its functions yet. `unused`: no engine yet. `lost`: the engine ended. `silent`: the endpoint
 * does not answer. `missing`: there is no such function.
 */
export type Reach =
  | 'here'
  | 'closed'
  | 'absent'
  | 'restarting'
  | 'dead'
  | 'waiting'
  | 'connecting'
  | 'unused'
  | 'lost'
  | 'silent'
  | 'missing';

/** The function of a document. It is named by its notebook, so it outlives kernels and reloads. */
export class Subject implements IDisposable {
  constructor(
    private _workbench: IWorkbench,
    private _path: string,
    readonly name: string
  ) {
    this._link = _workbench.find(_path);
    _workbench.changed.connect(this._onChanged, this);
  }

  get path(): string {
    return this._path;
  }

  get link(): IKernelLink | undefined {
    return this._link;
  }

  /** What the kernel last told of the function. */
  get lambda(): IFunction | null {
    return this._link?.picture?.functions.find(one => one.name === this.name) ?? null;
  }

  get reach(): Reach {
    const link = this._link;
    if (!link) {
      return 'closed';
    }
    if (link.status !== 'here') {
      return link.status;
    }
    const picture = link.picture;
    if (!picture) {
      return 'connecting';
    }
    if (picture.lost) {
      return 'lost';
    }
    if (picture.error) {
      return 'silent';
    }
    if (this.lambda) {
      return 'here';
    }
    return picture.place === 'none' ? 'unused' : 'missing';
  }

  /** The notebook, its kernel or the function changed. */
  get changed(): ISignal<Subject, void> {
    return this._changed;
  }

  /** The notebook has another path. */
  get moved(): ISignal<Subject, void> {
    return this._moved;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Ask the function's kernel; rejects with an `ActionError` in words for a user. */
  async ask<A extends Action>(action: A, args: IActions[A][0]): Promise<IActions[A][1]> {
    return this.linked().ask(action, args);
  }

  /** The link, or an `ActionError` that says that the notebook is not open. */
  linked(): IKernelLink {
    if (!this._link) {
      throw new ActionError('NoKernel', `The notebook ${this._path} is not open.`);
    }
    return this._link;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._workbench.changed.disconnect(this._onChanged, this);
      Signal.clearData(this);
    }
  }

  private _onChanged(): void {
    const link = this._link;
    if (link && this._workbench.links.includes(link)) {
      if (link.path && link.path !== this._path) {
        this._path = link.path;
        this._moved.emit();
      }
    } else {
      this._link = this._workbench.find(this._path);
    }
    this._changed.emit();
  }

  private _link: IKernelLink | undefined;
  private _changed = new Signal<this, void>(this);
  private _moved = new Signal<this, void>(this);
  private _isDisposed = false;
}
