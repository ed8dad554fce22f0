import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ISignal, Signal } from '@lumino/signaling';

import { IKernelLink, IWorkbench } from '../tokens';
import { KernelLink } from './link';

/** The links of the notebooks that are open in this page. */
export class Links implements IWorkbench {
  constructor(notebooks: INotebookTracker) {
    this._notebooks = notebooks;
    notebooks.forEach(panel => this._add(panel));
    notebooks.widgetAdded.connect((_, panel) => this._add(panel));
    notebooks.currentChanged.connect(() => this._changed.emit());
  }

  get links(): readonly IKernelLink[] {
    const current = this.current;
    const others = [...this._links.values()].filter(link => link !== current);
    return current ? [current, ...others] : others;
  }

  get current(): IKernelLink | null {
    const panel = this._notebooks.currentWidget;
    return panel ? (this._links.get(panel) ?? null) : null;
  }

  get changed(): ISignal<IWorkbench, void> {
    return this._changed;
  }

  find(path: string): IKernelLink | undefined {
    return [...this._links.values()].find(link => link.path === path);
  }

  private _add(panel: NotebookPanel): void {
    const link = new KernelLink(panel.sessionContext);
    this._links.set(panel, link);
    link.changed.connect(() => this._changed.emit());
    panel.disposed.connect(() => {
      this._links.delete(panel);
      link.dispose();
      this._changed.emit();
    });
    this._changed.emit();
  }

  private _notebooks: INotebookTracker;
  private _links = new Map<NotebookPanel, KernelLink>();
  private _changed = new Signal<this, void>(this);
}
