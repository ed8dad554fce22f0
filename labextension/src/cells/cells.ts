import { Cell, ICodeCellModel } from '@jupyterlab/cells';
import { Notebook, NotebookPanel } from '@jupyterlab/notebook';
import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { IFunctionCell, mimeType, parse } from './magic';
import { FunctionsState } from './state';

const CELL_CLASS = 'lnb-cell';
const BADGE_CLASS = 'lnb-badge';

/** Marks the `%%lambda` cells of one notebook with a badge and colours their language. */
export class FunctionCells implements IDisposable {
  constructor(panel: NotebookPanel, state: FunctionsState) {
    this._notebook = panel.content;
    this._state = state;
    this._notebook.modelContentChanged.connect(this._schedule, this);
    this._notebook.modelChanged.connect(this._schedule, this);
    state.changed.connect(this._schedule, this);
    panel.disposed.connect(() => this.dispose());
    this._schedule();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      window.clearTimeout(this._timer);
      this._state.changed.disconnect(this._schedule, this);
      Signal.clearData(this);
    }
  }

  /** Once after a burst of changes: a key press must not wait for all cells to be looked at. */
  private _schedule(): void {
    if (this._timer === 0 && !this._isDisposed) {
      this._timer = window.setTimeout(() => {
        this._timer = 0;
        this._notebook.widgets.forEach(cell => this._mark(cell));
      }, 150);
    }
  }

  private _mark(cell: Cell): void {
    if (cell.model.type !== 'code') {
      return;
    }
    const found = parse(cell.model.sharedModel.getSource());
    cell.node.classList.toggle(CELL_CLASS, found !== null);
    this._colour(cell, found);
    const badge = cell.node.querySelector(`:scope > .${BADGE_CLASS}`);
    if (!found) {
      badge?.remove();
      return;
    }
    const node = badge ?? cell.node.appendChild(document.createElement('div'));
    const known = this._state.find(found.name);
    const text = known
      ? `λ ${known.name} · ${known.memory_mb} MB · ${known.update === 'InProgress' ? 'Updating' : known.state}`
      : `λ ${found.name} · not deployed`;
    if (node.textContent !== text) {
      node.className = BADGE_CLASS;
      node.classList.toggle('lnb-badge-live', known !== undefined);
      node.textContent = text;
    }
  }

  private _colour(cell: Cell, found: IFunctionCell | null): void {
    const model = cell.model as ICodeCellModel;
    const wanted = mimeType(found);
    if (wanted !== null) {
      if (!this._coloured.has(model)) {
        this._coloured.add(model);
        // JupyterLab resets every cell when the kernel tells its language.
        model.mimeTypeChanged.connect(this._schedule, this);
      }
      if (model.mimeType !== wanted) {
        model.mimeType = wanted;
      }
    } else if (this._coloured.has(model)) {
      this._coloured.delete(model);
      model.mimeTypeChanged.disconnect(this._schedule, this);
      model.mimeType = this._notebook.codeMimetype;
    }
  }

  private _notebook: Notebook;
  private _state: FunctionsState;
  private _coloured = new WeakSet<ICodeCellModel>();
  private _timer = 0;
  private _isDisposed = false;
}
