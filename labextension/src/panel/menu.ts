import { JupyterFrontEnd } from '@jupyterlab/application';
import { Menu } from '@lumino/widgets';

import { ICall, INode } from './nodes';

/** Open the menu of a row; `restore` gives the focus back when it closes. */
export function openMenu(
  commands: JupyterFrontEnd['commands'],
  node: INode,
  x: number,
  y: number,
  byKeyboard: boolean,
  restore: () => void
): void {
  const menu = new Menu({ commands });
  menu.addClass('lnb-menu');
  const isThere = (call: ICall) => commands.hasCommand(call.command);
  const add = (to: Menu, call: ICall) => to.addItem({ command: call.command, args: call.args });
  for (const entry of node.menu ?? []) {
    if (entry === 'separator') {
      menu.addItem({ type: 'separator' });
    } else if ('entries' in entry) {
      const submenu = new Menu({ commands });
      submenu.title.label = entry.label;
      entry.entries.filter(isThere).forEach(call => add(submenu, call));
      menu.addItem({ type: 'submenu', submenu });
    } else if (isThere(entry)) {
      add(menu, entry);
    }
  }
  if (menu.items.length === 0) {
    menu.dispose();
    return;
  }
  menu.aboutToClose.connect(() => {
    restore();
    // The chosen command runs after this signal.
    window.setTimeout(() => menu.dispose(), 0);
  });
  menu.open(x, y);
  if (byKeyboard) {
    menu.activateNextItem();
  }
}
