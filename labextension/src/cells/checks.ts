import { Cell } from '@jupyterlab/cells';
import { CodeMirrorEditor } from '@jupyterlab/codemirror';

import { IProblem } from '../protocol';
import { IKernelLink } from '../tokens';

/** After the last key. */
const PAUSE_MS = 500;

/** What the kernel finds wrong in the function cells of one notebook. */
export class Checks {
  /** `changed` is called when the number of a cell's problems changed. */
  constructor(
    private readonly _link: () => IKernelLink | undefined,
    private readonly _changed: () => void
  ) {}

  /** How many problems a cell has, as far as is known. */
  count(cell: Cell): number {
    return this._found.get(cell)?.length ?? 0;
  }

  /** A cell may have another text than before; it is checked after a pause in typing. */
  look(cell: Cell, source: string): void {
    if (this._link()?.status !== 'here' || this._checked.get(cell) === source) {
      return;
    }
    this._checked.set(cell, source);
    window.clearTimeout(this._timers.get(cell));
    this._timers.set(
      cell,
      window.setTimeout(() => void this._ask(cell, source), PAUSE_MS)
    );
  }

  /** Names of the notebook may have changed: the next look checks again. */
  forget(): void {
    this._checked = new WeakMap();
  }

  /** The cell is no function's cell any more. */
  clear(cell: Cell): void {
    window.clearTimeout(this._timers.get(cell));
    this._timers.delete(cell);
    this._checked.delete(cell);
    if (this._found.has(cell)) {
      void this._show(cell, []);
      this._found.delete(cell);
    }
  }

  private async _ask(cell: Cell, source: string): Promise<void> {
    const link = this._link();
    if (!link || cell.isDisposed) {
      return;
    }
    try {
      const problems = await link.ask('check', { source });
      if (!cell.isDisposed && cell.model.sharedModel.getSource() === source) {
        await this._show(cell, problems);
      }
    } catch {
      // The kernel went away meanwhile; its successor is asked again.
      this._checked.delete(cell);
    }
  }

  private async _show(cell: Cell, problems: IProblem[]): Promise<void> {
    const before = this.count(cell);
    this._found.set(cell, problems);
    await cell.ready;
    if (cell.editor instanceof CodeMirrorEditor) {
      const { mark } = await import('./marks');
      mark(cell.editor, problems);
    }
    if (problems.length !== before) {
      this._changed();
    }
  }

  private _found = new WeakMap<Cell, IProblem[]>();
  private _checked = new WeakMap<Cell, string>();
  private _timers = new WeakMap<Cell, number>();
}
