import { TranslationBundle } from '@jupyterlab/translation';

import { element, toggle } from '../dom';
import { LineView } from './lineview';
import { ISearch, pattern } from './search';

const PAUSE_MS = 150;

/** Search in the lines: text or regular expression, next and previous, how many. */
export class SearchBar {
  constructor(
    private _lines: LineView,
    private _trans: TranslationBundle
  ) {
    const trans = _trans;
    this._input = element('input', {
      type: 'search',
      className: 'lnb-input',
      placeholder: trans.__('Search'),
      attributes_: { 'aria-label': trans.__('Search in the lines') }
    });
    this._count = element('span', { className: 'lnb-dim', attributes_: { role: 'status' } });
    this.node = element(
      'div',
      { className: 'lnb-flow', attributes_: { role: 'search' } },
      this._input,
      toggle('.*', trans.__('Regular expression'), false, on => this._set({ regex: on })),
      toggle('Aa', trans.__('Large and small letters differ'), false, on =>
        this._set({ exact: on })
      ),
      this._step('↑', trans.__('Previous line (Shift+Enter)'), -1),
      this._step('↓', trans.__('Next line (Enter)'), 1),
      toggle(trans.__('Only these'), trans.__('Show only lines that match'), false, on =>
        _lines.show({ only: on })
      ),
      this._count
    );
    this._input.addEventListener('input', () => {
      window.clearTimeout(this._timer);
      this._timer = window.setTimeout(() => this._set({ text: this._input.value }), PAUSE_MS);
    });
    this._input.addEventListener('keydown', event => this._onKey(event));
    _lines.changed.connect(() => this._tell());
  }

  readonly node: HTMLElement;

  focus(): void {
    this._input.focus();
    this._input.select();
  }

  private _step(text: string, title: string, by: 1 | -1): HTMLButtonElement {
    const button = element('button', {
      className: 'lnb-act',
      textContent: text,
      title,
      attributes_: { 'aria-label': title }
    });
    button.addEventListener('click', () => this._lines.step(by));
    return button;
  }

  private _onKey(event: KeyboardEvent): void {
    if (event.key === 'Enter') {
      event.preventDefault();
      if (this._input.value !== this._search.text) {
        this._set({ text: this._input.value });
      }
      this._lines.step(event.shiftKey ? -1 : 1);
    } else if (event.key === 'Escape') {
      this._input.value = '';
      this._set({ text: '' });
      this._lines.node.focus();
    }
  }

  private _set(change: Partial<ISearch>): void {
    window.clearTimeout(this._timer);
    this._search = { ...this._search, ...change };
    this._fault = '';
    try {
      this._lines.show({ wanted: pattern(this._search) });
    } catch (reason) {
      this._fault = (reason as Error).message;
      this._lines.show({ wanted: null });
    }
    this._tell();
  }

  private _tell(): void {
    const { count, current } = this._lines.found;
    const trans = this._trans;
    const words = this._fault
      ? this._fault
      : !this._search.text
        ? ''
        : current
          ? trans.__('%1 of %2 lines', current, count)
          : trans._n('%1 line', '%1 lines', count);
    if (this._count.textContent !== words) {
      this._count.textContent = words;
    }
    this._count.classList.toggle('lnb-mod-fault', this._fault !== '');
  }

  private _input: HTMLInputElement;
  private _count: HTMLElement;
  private _search: ISearch = { text: '', regex: false, exact: false };
  private _fault = '';
  private _timer = 0;
}
