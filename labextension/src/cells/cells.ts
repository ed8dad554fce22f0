import { Cell, ICodeCellModel } from '@jupyterlab/cells';
import { Notebook, NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { IKernelLink, IWorkbench } from '../tokens';
import { Badge } from './badge';
import { Checks } from './checks';
import { IFunctionCell, mimeType, parse } from './magic';
import { standing } from './state';

const CELL_CLASS = 'lnb-cell';
const BURST_MS = 150;

/** Opens the menu of a badge. */
export type OpenMenu = (
  panel: NotebookPanel,
  cell: Cell,
  found: IFunctionCell,
  badge: Badge,
  byKeyboard: boolean
) => void;

/** Marks the function cells of one notebook: language, badge, problems. */
export class FunctionCells implements IDisposable {
  constructor(
    private readonly _panel: NotebookPanel,
    private readonly _workbench: IWorkbench,
    private readonly _openMenu: OpenMenu,
    private readonly _trans: TranslationBundle
  ) {
    this._notebook = _panel.content;
    this._checks = new Checks(
      () => this._link,
      () => this._schedule()
    );
    this._notebook.modelContentChanged.connect(this._schedule, this);
    this._notebook.modelChanged.connect(this._schedule, this);
    _workbench.changed.connect(this._schedule, this);
    NotebookActions.executed.connect(this._executed, this);
    _panel.disposed.connect(() => this.dispose());
    this._schedule();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      window.clearTimeout(this._timer);
      this._workbench.changed.disconnect(this._schedule, this);
      NotebookActions.executed.disconnect(this._executed, this);
      Signal.clearData(this);
    }
  }

  private get _link(): IKernelLink | undefined {
    return this._workbench.find(this._panel.context.path);
  }

  /** A cell that ran may have defined what another one uses. */
  private _executed(_: unknown, ran: { notebook: Notebook }): void {
    if (ran.notebook === this._notebook) {
      this._checks.forget();
      this._schedule();
    }
  }

  /** Once after a burst of changes: a key press must not wait for all cells to be looked at. */
  private _schedule(): void {
    if (this._timer === 0 && !this._isDisposed) {
      this._timer = window.setTimeout(() => {
        this._timer = 0;
        this._notebook.widgets.forEach(cell => this._look(cell));
      }, BURST_MS);
    }
  }

  private _look(cell: Cell): void {
    if (cell.model.type !== 'code') {
      return;
    }
    const source = cell.model.sharedModel.getSource();
    const found = parse(source);
    cell.node.classList.toggle(CELL_CLASS, found !== null);
    this._colour(cell, found);
    if (!found) {
      this._badges.get(cell)?.node.remove();
      this._badges.delete(cell);
      this._checks.clear(cell);
      return;
    }
    this._checks.look(cell, source);
    const atViewer = found.magic === '%%cloudfront_function';
    const plain = { kind: 'absent' as const, caption: '', debug: false };
    this._badge(cell).show(
      {
        sign: atViewer ? 'ƒ' : 'λ',
        name: found.name,
        standing: atViewer
          ? { ...plain, words: [this._trans.__('CloudFront Function')] }
          : found.test
            ? { ...plain, words: [this._trans.__('tests')] }
            : standing(this._link, found, source, this._trans),
        problems: this._checks.count(cell)
      },
      this._trans
    );
  }

  private _badge(cell: Cell): Badge {
    let badge = this._badges.get(cell);
    if (!badge) {
      badge = new Badge((opened, byKeyboard) => {
        const found = parse(cell.model.sharedModel.getSource());
        if (found) {
          this._openMenu(this._panel, cell, found, opened, byKeyboard);
        }
      });
      this._badges.set(cell, badge);
    }
    if (badge.node.parentElement !== cell.node) {
      cell.node.appendChild(badge.node);
    }
    return badge;
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
  private _checks: Checks;
  private _badges = new WeakMap<Cell, Badge>();
  private _coloured = new WeakSet<ICodeCellModel>();
  private _timer = 0;
  private _isDisposed = false;
}
