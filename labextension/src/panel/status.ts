import { Widget } from '@lumino/widgets';

import { FunctionsState } from './state';

/** The status bar's item: how many functions the notebook has; a click opens the panel. */
export class StatusItem extends Widget {
  constructor(state: FunctionsState, openPanel: () => void) {
    super();
    this.addClass('lnb-status');
    const button = document.createElement('button');
    button.addEventListener('click', openPanel);
    this.node.append(button);
    const show = () => {
      const snapshot = state.snapshot;
      const count = snapshot?.functions.length ?? 0;
      button.textContent = `λ ${count} function${count === 1 ? '' : 's'}`;
      button.title = snapshot ? `Lambda functions on ${snapshot.endpoint}` : '';
      this.setHidden(snapshot === null);
    };
    state.changed.connect(show);
    show();
  }
}
