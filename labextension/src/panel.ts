import { refreshIcon } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { FunctionsState, IFunction, ISnapshot } from './state';

/** The side panel: the notebook's functions, where they live and how their last invocation went. */
export class FunctionsPanel extends Widget {
  constructor(state: FunctionsState) {
    super();
    this._state = state;
    this.addClass('lnb-panel');
    state.changed.connect(() => this.update());
  }

  protected onAfterAttach(_: Message): void {
    this.update();
  }

  protected onBeforeShow(_: Message): void {
    this._state.refresh();
  }

  protected onUpdateRequest(_: Message): void {
    const snapshot = this._state.snapshot;
    this.node.replaceChildren(this._header(snapshot), ...this._body(snapshot));
  }

  private _header(snapshot: ISnapshot | null): HTMLElement {
    const header = element('div', 'lnb-panel-header');
    header.append(element('h2', '', 'Lambda functions'));
    const button = element('button', 'lnb-refresh jp-ToolbarButtonComponent');
    button.setAttribute('aria-label', 'Refresh the list of functions');
    button.title = 'Refresh';
    button.append(refreshIcon.element({ tag: 'span' }));
    button.addEventListener('click', () => this._state.refresh());
    header.append(button);
    if (snapshot) {
      const where = element('div', 'lnb-endpoint', `${snapshot.endpoint} · ${snapshot.region}`);
      where.title = 'The endpoint this notebook is connected to';
      header.append(where);
    }
    return header;
  }

  private _body(snapshot: ISnapshot | null): HTMLElement[] {
    if (!snapshot) {
      const hint = element('p', 'lnb-hint', 'Run ');
      hint.append(
        element('code', '', '%load_ext lambda_nb'),
        ' in a notebook to see its functions here.'
      );
      return [hint];
    }
    if (snapshot.error) {
      const error = element('p', 'lnb-hint lnb-error', snapshot.error);
      error.setAttribute('role', 'alert');
      return [error];
    }
    if (snapshot.functions.length === 0) {
      const hint = element('p', 'lnb-hint', 'No functions yet. Begin a cell with ');
      hint.append(element('code', '', '%%lambda NAME'), '.');
      return [hint];
    }
    const list = element('ul', 'lnb-list');
    list.append(...snapshot.functions.map(row));
    return [list];
  }

  private _state: FunctionsState;
}

function row(one: IFunction): HTMLElement {
  const item = element('li', 'lnb-function');
  const title = element('div', 'lnb-function-title');
  title.append(element('span', 'lnb-name', one.name), stateMark(one));
  item.append(
    title,
    element('div', 'lnb-settings', `${one.runtime} · ${one.memory_mb} MB · ${one.timeout_s} s`),
    element('div', 'lnb-counts', counts(one))
  );
  if (one.last) {
    const last = element('div', 'lnb-last', `last: ${describeLast(one.last)}`);
    last.classList.toggle('lnb-error', one.last.status !== 'success');
    item.append(last);
  }
  return item;
}

/** The state in a word; Pending, Failed and running updates also get a colour. */
export function stateMark(one: IFunction): HTMLElement {
  const state = one.update === 'InProgress' ? 'Updating' : one.state;
  return element('span', `lnb-state lnb-state-${state.toLowerCase()}`, state);
}

function counts(one: IFunction): string {
  const parts = [`${one.invocations} invocation${one.invocations === 1 ? '' : 's'}`];
  if (one.errors) {
    parts.push(`${one.errors} failed`);
  }
  if (one.throttles) {
    parts.push(`${one.throttles} throttled`);
  }
  return parts.join(', ');
}

function describeLast(last: NonNullable<IFunction['last']>): string {
  const time = last.duration_ms === null ? '' : `, ${last.duration_ms.toFixed(1)} ms`;
  return `${last.status}${time}${last.start ? `, ${last.start}` : ''}`;
}

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  text = ''
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  if (className) {
    node.className = className;
  }
  if (text) {
    node.textContent = text;
  }
  return node;
}
