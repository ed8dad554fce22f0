import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { TranslationBundle } from '@jupyterlab/translation';
import { ISignal, Signal } from '@lumino/signaling';

import { IFunction } from '../protocol';
import { IKernelLink, IWorkbench } from '../tokens';
import { IKnown } from './functionNodes';
import { filtered, Group, GROUPS, INode, visible } from './nodes';
import { notebookNode } from './notebookNodes';

/** Details are asked for again after this long while their row is expanded: sources change unseen. */
const DETAILS_AGE_MS = 10_000;

interface IDetailsEntry extends IKnown {
  /** What the function was when it was asked. */
  stamp: string;
  at: number;
  isAsking: boolean;
}

/** What the panel shows: rows of all notebooks, which are expanded, the filter, the current row. */
export class PanelState {
  constructor(
    readonly workbench: IWorkbench,
    readonly trans: TranslationBundle
  ) {
    workbench.changed.connect(() => this._changed.emit('soon'));
  }

  /** Something to show changed: by what the user does (`now`), or by itself (`soon`). */
  get changed(): ISignal<PanelState, 'now' | 'soon'> {
    return this._changed;
  }

  /** The row that has, or would get, the focus. */
  get active(): string {
    return this._active;
  }

  set active(key: string) {
    if (key !== this._active) {
      this._active = key;
      this._changed.emit('now');
    }
  }

  get filter(): string {
    return this._filter;
  }

  set filter(filter: string) {
    if (filter !== this._filter) {
      this._filter = filter;
      this._openFound.clear();
      this._changed.emit('now');
    }
  }

  set settings(settings: ISettingRegistry.ISettings) {
    const read = () => {
      this.askBeforeDelete = settings.get('askBeforeDelete').composite !== false;
      this.refreshSeconds = Number(settings.get('refreshSeconds').composite ?? 0);
      this._showEmpty = settings.get('showEmptyGroups').composite === true;
      const groups = settings.get('groups').composite;
      this._groups = Array.isArray(groups) ? (groups as Group[]) : GROUPS;
      this._changed.emit('now');
    };
    settings.changed.connect(read);
    read();
  }

  askBeforeDelete = true;
  refreshSeconds = 0;

  isOpen = (node: INode): boolean => this._chosen.get(node.key) ?? node.isOpen ?? false;

  setOpen(node: INode, isOpen: boolean): void {
    this._chosen.set(node.key, isOpen);
    this._changed.emit('now');
  }

  /** Expand or collapse all rows that are there. */
  setAllOpen(isOpen: boolean): void {
    const set = (nodes: readonly INode[]): void =>
      nodes.forEach(node => {
        if (node.children) {
          this._chosen.set(node.key, isOpen);
          set(node.children);
        }
      });
    set(this.rows().nodes);
    this._changed.emit('now');
  }

  /** The rows to show, and how many the filter found. */
  rows(): { nodes: INode[]; matches: number } {
    return filtered(this._all(), this._filter);
  }

  /** The current row, or undefined. */
  activeNode(): INode | undefined {
    return visible(this.rows().nodes, this.isOpen).find(row => row.node.key === this._active)?.node;
  }

  /** Ask again for all details when their rows are shown next. */
  forgetDetails(): void {
    this._details.forEach(entry => (entry.stamp = ''));
    this._changed.emit('now');
  }

  /** Notebooks with lambda_nb, and the current one in any case. */
  private _all(): INode[] {
    const current = this.workbench.current;
    return this.workbench.links
      .filter(link => link === current || link.picture !== null || link.isLoaded)
      .map(link =>
        notebookNode(this.trans, link, {
          groups: this._groups,
          showEmpty: this._showEmpty,
          isCurrent: link === current,
          known: one => this._known(link, one)
        })
      );
  }

  private _known(link: IKernelLink, one: IFunction): IKnown | undefined {
    const key = `${link.path}|function|${one.name}`;
    const entry = this._details.get(key);
    if (!this._chosen.get(key)) {
      return entry;
    }
    const stamp = `${one.modified_at} ${one.code_sha256} ${one.update} ${one.arn}`;
    const isOld = !entry || entry.stamp !== stamp || Date.now() - entry.at > DETAILS_AGE_MS;
    if (isOld && !entry?.isAsking && link.status === 'here') {
      void this._ask(link, one.name, key, stamp);
    }
    return this._details.get(key);
  }

  private async _ask(link: IKernelLink, name: string, key: string, stamp: string): Promise<void> {
    const entry = this._details.get(key) ?? {
      value: null,
      error: '',
      stamp,
      at: 0,
      isAsking: true
    };
    entry.isAsking = true;
    entry.stamp = stamp;
    this._details.set(key, entry);
    try {
      entry.value = await link.ask('details', { name });
      entry.error = '';
    } catch (error) {
      entry.error = (error as Error).message;
    }
    entry.isAsking = false;
    entry.at = Date.now();
    this._changed.emit('soon');
  }

  /** What the user expanded or collapsed; while there is a filter, only for as long as it is there. */
  private get _chosen(): Map<string, boolean> {
    return this._filter ? this._openFound : this._open;
  }

  private _open = new Map<string, boolean>();
  private _openFound = new Map<string, boolean>();
  private _details = new Map<string, IDetailsEntry>();
  private _active = '';
  private _filter = '';
  private _groups: readonly Group[] = GROUPS;
  private _showEmpty = false;
  private _changed = new Signal<this, 'now' | 'soon'>(this);
}
