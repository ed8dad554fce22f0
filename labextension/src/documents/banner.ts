import { Widget } from '@lumino/widgets';

import { CommandIDs } from '../tokens';
import { give, IParts } from './parts';
import { Subject } from './subject';
import { obstacle } from './words';

/** A line that says why a document cannot reach its function; hidden while it can. */
export class Banner extends Widget {
  constructor(subject: Subject, parts: IParts) {
    super();
    this.addClass('lnb-banner');
    this.node.setAttribute('role', 'status');
    this.hide();
    subject.changed.connect(() => this._show(subject, parts));
    this._show(subject, parts);
  }

  private _show(subject: Subject, parts: IParts): void {
    const found = obstacle(subject, parts.trans);
    const text = found?.text ?? '';
    if (text === this._text) {
      return;
    }
    this._text = text;
    this.node.replaceChildren();
    this.node.classList.toggle('lnb-mod-fault', found?.fault ?? false);
    this.setHidden(!found);
    if (!found) {
      return;
    }
    const words = document.createElement('span');
    words.textContent = text;
    this.node.append(words);
    const { commands } = parts.app;
    if (found.remedy === 'open-notebook') {
      this._button(parts.trans.__('Open the notebook'), () =>
        commands.execute('docmanager:open', { path: subject.path })
      );
    } else if (found.remedy === 'go-to-cell' && commands.hasCommand(CommandIDs.goToCell)) {
      this._button(parts.trans.__('Go to the cell'), () =>
        give(parts, subject, CommandIDs.goToCell)
      );
    }
  }

  private _button(text: string, act: () => unknown): void {
    const button = document.createElement('button');
    button.className = 'lnb-act';
    button.textContent = text;
    button.addEventListener('click', () => void act());
    this.node.append(button);
  }

  private _text = '';
}
