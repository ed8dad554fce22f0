import { TranslationBundle } from '@jupyterlab/translation';

import { element } from '../dom';
import { clock } from '../../shared/figures';
import { pretty } from '../../shared/json';
import { ILine } from './lines';
import { parts } from './search';

/** How rows look. */
export interface ILook {
  utc: boolean;
  wanted: RegExp | null;
}

/** The element of a line. `chosen` is told the request whose id is clicked. */
export function row(
  line: ILine,
  look: ILook,
  trans: TranslationBundle,
  chosen: (request: string) => void
): HTMLElement {
  const time = element('time', {
    textContent: clock(line.at, look.utc, true),
    title: new Date(line.at).toISOString()
  });
  const node = element('div', { className: `lnb-log-line lnb-level-${line.level}` }, time);
  if (line.request) {
    const id = element('button', {
      className: 'lnb-log-id',
      textContent: line.request.slice(0, 8),
      title: trans.__('Show only request %1', line.request),
      tabIndex: -1 // thousands of stops would make the page useless by keyboard
    });
    id.addEventListener('click', () => chosen(line.request));
    node.append(id);
  } else {
    node.append(element('span', { className: 'lnb-log-id' }));
  }
  const text = element('span', { className: 'lnb-log-text' });
  if (line.json) {
    node.append(unfold(line.text, node, trans));
  }
  node.append(text);
  mark(node, line, look.wanted);
  return node;
}

/** Show what is found in the row's text, and nothing where nothing is looked for. */
export function mark(node: HTMLElement, line: ILine, wanted: RegExp | null): void {
  const text = node.querySelector('.lnb-log-text');
  if (!text) {
    return;
  }
  if (!wanted) {
    text.textContent = line.text;
    return;
  }
  text.replaceChildren(
    ...parts(line.text, wanted).map(part =>
      part.found ? element('mark', { textContent: part.text }) : part.text
    )
  );
}

function unfold(json: string, node: HTMLElement, trans: TranslationBundle): HTMLElement {
  const button = element('button', {
    className: 'lnb-log-fold',
    title: trans.__('Unfold the JSON of this line'),
    attributes_: {
      'aria-expanded': 'false',
      'aria-label': trans.__('Unfold the JSON of this line')
    }
  });
  button.addEventListener('click', () => {
    const open = node.querySelector('.lnb-log-json');
    button.setAttribute('aria-expanded', String(!open));
    if (open) {
      open.remove();
    } else {
      node.append(element('pre', { className: 'lnb-log-json', textContent: pretty(json) }));
    }
  });
  return button;
}
