import { Widget } from '@lumino/widgets';

import { ILogLine } from '../../protocol';
import { element, toggle } from '../dom';
import { count } from '../../shared/figures';
import { IDocumentArgs, IParts } from '../parts';
import { Subject } from '../subject';
import { Watch } from '../watch';
import { LineView } from './lineview';
import { SearchBar } from './searchbar';
import { LogStore, MOST_LINES } from './store';

/** The log of a function as it is written. */
export class LogsView extends Widget {
  constructor(
    private _subject: Subject,
    private _parts: IParts
  ) {
    super();
    this.addClass('lnb-logs');
    const { trans } = _parts;
    this._lines = new LineView(this._store, trans);
    this._search = new SearchBar(this._lines, trans);
    this._watch = new Watch<ILogLine[]>(
      _subject,
      'watch_logs',
      () => ({ name: _subject.name, last: this._last }),
      lines => {
        this._fault = '';
        this._heard = true;
        this._store.push(lines);
        this._tell();
      },
      fault => {
        this._fault = fault;
        this._tell();
      }
    );
    this._pause = toggle(trans.__('Pause'), trans.__('Let new lines wait'), false, on => {
      this._store.paused = on;
    });
    this._request = element('button', { className: 'lnb-act' });
    this._request.addEventListener('click', () => this._choose(''));
    this._more = element('button', { className: 'lnb-act lnb-mod-primary lnb-log-more' });
    this._more.addEventListener('click', () => this._lines.toEnd());
    this._note = element('p', { className: 'lnb-log-note', attributes_: { role: 'status' } });
    this.node.append(
      this._toolbar(),
      this._search.node,
      this._note,
      element('div', { className: 'lnb-log-frame' }, this._lines.node, this._more)
    );
    this.node.addEventListener('keydown', event => this._onKey(event));
    this._lines.changed.connect(this._tell, this);
    this._lines.chosen.connect((_, request) => this._choose(request));
    this._store.changed.connect(this._tell, this);
    this._watch.start();
    this._tell();
  }

  follow(args: IDocumentArgs): void {
    if (args.request_id) {
      this._choose(args.request_id);
    }
  }

  focus(): void {
    this._lines.node.focus();
  }

  dispose(): void {
    if (!this.isDisposed) {
      super.dispose();
      this._watch.dispose();
      this._lines.dispose();
    }
  }

  private _toolbar(): HTMLElement {
    const { trans } = this._parts;
    const clear = element('button', {
      className: 'lnb-act',
      textContent: trans.__('Clear'),
      title: trans.__('Empty this view; the log itself stays')
    });
    clear.addEventListener('click', () => this._store.clear());
    const since = element('select', {}, ...this._times());
    since.value = this._last;
    since.addEventListener('change', () => {
      this._last = since.value;
      this._store.restart();
      this._watch.restart();
    });
    return element(
      'div',
      { className: 'lnb-flow', attributes_: { role: 'toolbar', 'aria-label': trans.__('Log') } },
      this._pause,
      clear,
      element('label', { className: 'lnb-pick' }, trans.__('Since'), since),
      toggle(trans.__('By request'), trans.__('One fold for each request'), false, on =>
        this._lines.show({ grouped: on })
      ),
      toggle(trans.__('Wrap'), trans.__('Break long lines'), false, on =>
        this._lines.show({ wrap: on })
      ),
      toggle('UTC', trans.__('Times in UTC instead of local time'), false, on =>
        this._lines.show({ utc: on })
      ),
      this._request
    );
  }

  private _times(): HTMLOptionElement[] {
    const { trans } = this._parts;
    const words: [string, string][] = [
      ['15min', trans.__('15 minutes ago')],
      ['1h', trans.__('an hour ago')],
      ['1d', trans.__('a day ago')]
    ];
    return words.map(([value, textContent]) => element('option', { value, textContent }));
  }

  /** Show only the lines of one request, or all. */
  private _choose(request: string): void {
    this._lines.show({ request });
    this._tell();
  }

  private _onKey(event: KeyboardEvent): void {
    if (event.key.toLowerCase() === 'f' && !event.shiftKey && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
      this._search.focus();
    }
  }

  private _tell(): void {
    const { trans } = this._parts;
    const { request } = this._lines.shown;
    this._request.hidden = request === '';
    this._request.textContent = trans.__('request %1 ✕', request.slice(0, 8));
    this._request.title = trans.__('Only request %1. Show all lines again.', request);
    this._pause.textContent = this._store.paused
      ? this._store.waiting > 0
        ? trans.__('Resume (%1 waiting)', count(this._store.waiting))
        : trans.__('Resume')
      : trans.__('Pause');
    const { unseen, following, empty } = this._lines;
    this._more.hidden = following || unseen === 0;
    this._more.textContent = trans._n('%1 new line ↓', '%1 new lines ↓', unseen);
    const note = this._fault
      ? this._fault
      : this._store.dropped > 0
        ? trans.__(
            'The latest %1 lines are kept; %2 older ones are left out here.',
            count(MOST_LINES),
            count(this._store.dropped)
          )
        : !empty
          ? ''
          : request
            ? trans.__('No line of request %1 is here yet. A longer time may have it.', request)
            : this._store.lines.length > 0
              ? trans.__('No line matches.')
              : this._heard
                ? trans.__('No lines. They come here when the function writes some.')
                : trans.__('Waiting for the log of %1.', this._subject.name);
    if (this._note.textContent !== note) {
      this._note.textContent = note;
    }
    this._note.hidden = note === '';
    this._note.classList.toggle('lnb-mod-fault', this._fault !== '');
  }

  private _store = new LogStore();
  private _lines: LineView;
  private _search: SearchBar;
  private _watch: Watch<ILogLine[]>;
  private _pause: HTMLButtonElement;
  private _request: HTMLButtonElement;
  private _more: HTMLButtonElement;
  private _note: HTMLElement;
  private _last = '15min';
  private _fault = '';
  private _heard = false;
}
