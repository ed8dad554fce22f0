import { TranslationBundle } from '@jupyterlab/translation';

import { element } from '../dom';
import { clock, duration } from '../../shared/figures';
import { begun, ILine, IRequest, tell } from './lines';

/** Rows of a block; the browser leaves out blocks that are not in sight. */
const BLOCK = 100;

/** Where rows go: one below the other, or by request. */
export interface IRows {
  add(rows: [ILine, HTMLElement][]): void;
  /** A row was removed. */
  removed(line: ILine): void;
  /** Show this row, opening what hides it. */
  reveal(row: HTMLElement): void;
}

/** All lines in their order. */
export class FlatRows implements IRows {
  constructor(private _host: HTMLElement) {}

  add(rows: [ILine, HTMLElement][]): void {
    for (const [, row] of rows) {
      let block = this._host.lastElementChild;
      if (!block || block.childElementCount >= BLOCK) {
        block = element('div', { className: 'lnb-log-block' });
        this._host.append(block);
      }
      block.append(row);
    }
  }

  removed(): void {
    while (this._host.firstElementChild?.childElementCount === 0) {
      this._host.firstElementChild.remove();
    }
  }

  reveal(row: HTMLElement): void {
    row.scrollIntoView({ block: 'center' });
  }
}

interface IGroup {
  request: IRequest;
  node: HTMLDetailsElement;
  head: HTMLElement;
}

/** A fold for each request: its status, duration and lines. */
export class RequestRows implements IRows {
  constructor(
    private _host: HTMLElement,
    private _trans: TranslationBundle,
    private _utc: boolean
  ) {}

  add(rows: [ILine, HTMLElement][]): void {
    const touched = new Set<IGroup>();
    for (const [line, row] of rows) {
      const group = this._group(line);
      group.request = tell(group.request, line);
      group.node.append(row);
      touched.add(group);
    }
    touched.forEach(group => this._label(group));
  }

  removed(line: ILine): void {
    const group = this._groups.get(line.request);
    if (group && group.node.childElementCount === 1) {
      group.node.remove();
      this._groups.delete(line.request);
    }
  }

  reveal(row: HTMLElement): void {
    const fold = row.closest('details');
    if (fold) {
      fold.open = true;
    }
    row.scrollIntoView({ block: 'center' });
  }

  private _group(line: ILine): IGroup {
    const there = this._groups.get(line.request);
    if (there) {
      return there;
    }
    const head = element('summary');
    const node = element('details', { className: 'lnb-log-request', open: true }, head);
    const group = { request: begun(line), node, head };
    this._groups.set(line.request, group);
    this._host.append(node);
    return group;
  }

  private _label(group: IGroup): void {
    const { request } = group;
    const trans = this._trans;
    const words = {
      running: trans.__('no REPORT yet'),
      success: trans.__('success'),
      error: trans.__('error'),
      timeout: trans.__('timeout')
    };
    const chip = element('span', {
      className: `lnb-chip lnb-chip-${request.status}`,
      textContent: words[request.status]
    });
    group.head.replaceChildren(
      element('time', { textContent: clock(request.at, this._utc, true) }),
      request.id
        ? element('span', { className: 'lnb-log-request-id', textContent: request.id })
        : trans.__('outside of requests'),
      ...(request.id ? [chip] : []),
      element('span', { textContent: duration(request.duration_ms) }),
      element('span', {
        className: 'lnb-dim',
        textContent: trans._n('%1 line', '%1 lines', request.lines)
      })
    );
  }

  private _groups = new Map<string, IGroup>();
}
