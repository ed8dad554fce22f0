import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { element } from '../dom';
import { ILine } from './lines';
import { FlatRows, IRows, RequestRows } from './lists';
import { mark, row } from './row';
import { matches } from './search';
import { IChange, LogStore } from './store';

/** Closer to the end than this counts as at the end, in pixels. */
const END_PX = 24;

/** What of the lines is shown, and how. */
export interface IShown {
  utc: boolean;
  wrap: boolean;
  grouped: boolean;
  /** Only this request; empty for all. */
  request: string;
  wanted: RegExp | null;
  /** Only lines that have what is looked for. */
  only: boolean;
}

/** The lines on the page. It follows the end until one scrolls up. */
export class LineView implements IDisposable {
  constructor(
    private _store: LogStore,
    private _trans: TranslationBundle
  ) {
    this._list = element('div', { className: 'lnb-log-list' });
    this.node = element(
      'div',
      {
        className: 'lnb-log-lines',
        tabIndex: 0,
        attributes_: {
          role: 'log',
          'aria-live': 'off',
          'aria-label': _trans.__('Log lines')
        }
      },
      this._list
    );
    this.node.addEventListener('scroll', () => this._onScroll(), { passive: true });
    this._sizes = new ResizeObserver(() => this._stick());
    this._sizes.observe(this.node);
    this._sizes.observe(this._list);
    this._rows = new FlatRows(this._list);
    _store.changed.connect(this._onLines, this);
    this._rebuild();
  }

  readonly node: HTMLElement;

  /** Lines came, the end was left or found, or another match is the current one. */
  get changed(): ISignal<LineView, void> {
    return this._changed;
  }

  /** A request's id was clicked. */
  get chosen(): ISignal<LineView, string> {
    return this._chosen;
  }

  get shown(): IShown {
    return this._shown;
  }

  get following(): boolean {
    return this._following;
  }

  /** Lines that came since the end was left. */
  get unseen(): number {
    return this._unseen;
  }

  /** Lines that have what is looked for, and which of them is the current one, from 1. */
  get found(): { count: number; current: number } {
    const at = this._current ? this._matches.indexOf(this._current) : -1;
    return { count: this._matches.length, current: at + 1 };
  }

  get empty(): boolean {
    return this._nodes.size === 0;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  show(change: Partial<IShown>): void {
    const before = this._shown;
    this._shown = { ...before, ...change };
    const { grouped, request, utc, only, wanted, wrap } = this._shown;
    this.node.classList.toggle('lnb-mod-wrap', wrap);
    const same =
      grouped === before.grouped &&
      request === before.request &&
      utc === before.utc &&
      only === before.only &&
      !only;
    if (!same) {
      this._rebuild();
    } else if (wanted !== before.wanted) {
      this._nodes.forEach((node, line) => mark(node, line, wanted));
      this._search([...this._nodes.keys()]);
    }
    this._stick();
    this._changed.emit();
  }

  /** Go to the next line that has what is looked for, or to the one before. */
  step(by: 1 | -1): void {
    const { length } = this._matches;
    if (length === 0) {
      return;
    }
    const at = this._current ? this._matches.indexOf(this._current) : by === 1 ? -1 : length;
    this._point(this._matches[(at + by + length) % length]);
    const node = this._current && this._nodes.get(this._current);
    if (node) {
      this._following = false;
      this._rows.reveal(node);
    }
    this._changed.emit();
  }

  toEnd(): void {
    this._following = true;
    this._unseen = 0;
    this._stick();
    this._changed.emit();
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._sizes.disconnect();
      this._store.changed.disconnect(this._onLines, this);
      Signal.clearData(this);
    }
  }

  private _onLines(_: LogStore, change: IChange): void {
    for (const line of change.removed) {
      const node = this._nodes.get(line);
      if (node) {
        this._nodes.delete(line);
        node.remove();
        this._rows.removed(line);
      }
    }
    if (change.removed.length > 0) {
      const gone = new Set(change.removed);
      this._matches = this._matches.filter(line => !gone.has(line));
    }
    const fresh = this._add(change.added);
    this._unseen = this._following ? 0 : this._unseen + fresh;
    this._stick();
    this._changed.emit();
  }

  private _rebuild(): void {
    this._list.replaceChildren();
    this._nodes.clear();
    this._matches = [];
    const { grouped, utc } = this._shown;
    this._rows = grouped ? new RequestRows(this._list, this._trans, utc) : new FlatRows(this._list);
    this._add(this._store.lines);
    if (this._current && this._nodes.has(this._current)) {
      this._point(this._current);
    } else {
      this._current = null;
    }
  }

  private _add(lines: readonly ILine[]): number {
    const { request, only, wanted } = this._shown;
    const wantedLines = lines.filter(
      line => (!request || line.request === request) && (!only || !wanted || matches(line, wanted))
    );
    const rows = wantedLines.map((line): [ILine, HTMLElement] => [
      line,
      row(line, this._shown, this._trans, id => this._chosen.emit(id))
    ]);
    rows.forEach(([line, node]) => this._nodes.set(line, node));
    this._rows.add(rows);
    this._search(wantedLines, true);
    return rows.length;
  }

  private _search(lines: readonly ILine[], more = false): void {
    const { wanted } = this._shown;
    const found = wanted ? lines.filter(line => matches(line, wanted)) : [];
    this._matches = more ? [...this._matches, ...found] : found;
    if (this._current && !this._matches.includes(this._current)) {
      this._point(null);
    }
  }

  private _point(line: ILine | null): void {
    if (this._current) {
      this._nodes.get(this._current)?.classList.remove('lnb-mod-current');
    }
    this._current = line;
    if (line) {
      this._nodes.get(line)?.classList.add('lnb-mod-current');
    }
  }

  private _onScroll(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.node;
    const atEnd = scrollHeight - scrollTop - clientHeight < END_PX;
    const before = this._following;
    // Blocks that come into sight get their true height, which moves the end: only going up leaves it.
    if (atEnd) {
      this._following = true;
      this._unseen = 0;
    } else if (scrollTop < this._top - 2) {
      this._following = false;
    }
    this._top = scrollTop;
    if (before !== this._following) {
      this._changed.emit();
    }
  }

  private _stick(): void {
    if (this._following) {
      this.node.scrollTop = this.node.scrollHeight;
      this._top = this.node.scrollTop;
    }
  }

  private _list: HTMLElement;
  private _rows: IRows;
  private _nodes = new Map<ILine, HTMLElement>();
  private _matches: ILine[] = [];
  private _current: ILine | null = null;
  private _shown: IShown = {
    utc: false,
    wrap: false,
    grouped: false,
    request: '',
    wanted: null,
    only: false
  };
  private _following = true;
  private _unseen = 0;
  private _top = 0;
  private _sizes: ResizeObserver;
  private _changed = new Signal<this, void>(this);
  private _chosen = new Signal<this, string>(this);
  private _isDisposed = false;
}
