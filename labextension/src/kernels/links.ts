import { ISessionContext } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ISignal, Signal } from '@lumino/signaling';

import { IKernelLink, IWorkbench } from '../tokens';
import { KernelLink } from './link';

/** The links of the notebooks that are open in this page; several views of one notebook share one. */
export class Links implements IWorkbench {
  constructor(notebooks: INotebookTracker) {
    this._notebooks = notebooks;
    notebooks.forEach(panel => this._add(panel));
    notebooks.widgetAdded.connect((_, panel) => this._add(panel));
    notebooks.currentChanged.connect(() => this._changed.emit());
  }

  get links(): readonly IKernelLink[] {
    const current = this.current;
    const others = [...this._links.values()].map(one => one.link).filter(link => link !== current);
    return current ? [current, ...others] : others;
  }

  get current(): IKernelLink | null {
    const panel = this._notebooks.currentWidget;
    return panel ? (this._links.get(panel.sessionContext)?.link ?? null) : null;
  }

  get changed(): ISignal<IWorkbench, void> {
    return this._changed;
  }

  find(path: string): IKernelLink | undefined {
    return this.links.find(link => link.path === path);
  }

  private _add(panel: NotebookPanel): void {
    const context = panel.sessionContext;
    const known = this._links.get(context);
    if (known) {
      known.views += 1;
    } else {
      const link = new KernelLink(context);
      this._links.set(context, { link, views: 1 });
      link.changed.connect(() => this._changed.emit());
    }
    panel.disposed.connect(() => this._remove(context));
    this._changed.emit();
  }

  private _remove(context: ISessionContext): void {
    const known = this._links.get(context);
    if (known && --known.views === 0) {
      this._links.delete(context);
      known.link.dispose();
    }
    this._changed.emit();
  }

  private _notebooks: INotebookTracker;
  private _links = new Map<ISessionContext, { link: KernelLink; views: number }>();
  private _changed = new Signal<this, void>(this);
}
