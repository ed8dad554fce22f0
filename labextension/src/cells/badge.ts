import { TranslationBundle } from '@jupyterlab/translation';
import { bugIcon } from '@jupyterlab/ui-components';

import { IStanding } from './state';

/** What a badge shows. */
export interface IBadge {
  sign: string;
  name: string;
  standing: IStanding;
  /** Marks in the cell. */
  problems: number;
}

/** The badge at the top of a function's cell: a button that opens a menu. */
export class Badge {
  readonly node: HTMLButtonElement;

  constructor(open: (badge: Badge, byKeyboard: boolean) => void) {
    this.node = document.createElement('button');
    this.node.type = 'button';
    this.node.setAttribute('aria-haspopup', 'menu');
    this.node.addEventListener('click', event => {
      event.stopPropagation();
      // A click made by a key has no place.
      open(this, event.detail === 0);
    });
    // The notebook selects cells with the mouse and reads single keys as commands.
    this.node.addEventListener('mousedown', event => event.stopPropagation());
    this.node.addEventListener('keydown', event => {
      if (event.key === 'ArrowDown') {
        event.preventDefault();
        open(this, true);
      }
      if (['Enter', ' ', 'ArrowDown'].includes(event.key)) {
        event.stopPropagation();
      }
    });
  }

  /** Show this, if it is not what is shown already. */
  show(told: IBadge, trans: TranslationBundle): void {
    const { standing, problems } = told;
    const marks = problems ? [trans._n('%1 problem', '%1 problems', problems)] : [];
    const words = [`${told.sign} ${told.name}`, ...standing.words, ...marks];
    const text = words.join(' · ');
    const label = trans.__('Function %1: %2. Menu.', told.name, words.slice(1).join(', '));
    const kind = `lnb-badge lnb-badge-${standing.kind}${problems ? ' lnb-badge-problems' : ''}`;
    if (this.node.className !== kind) {
      this.node.className = kind;
    }
    if (this.node.textContent !== text || standing.debug !== this._debug) {
      this._debug = standing.debug;
      const sign = standing.debug
        ? [bugIcon.element({ tag: 'span', className: 'lnb-badge-bug' })]
        : [];
      this.node.replaceChildren(...sign, text);
    }
    this.node.title = standing.caption;
    this.node.setAttribute('aria-label', label);
    if (standing.debug) {
      this.node.setAttribute('aria-description', trans.__('runs under a debugger'));
    } else {
      this.node.removeAttribute('aria-description');
    }
  }

  private _debug = false;
}
