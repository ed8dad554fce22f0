import { JupyterFrontEnd } from '@jupyterlab/application';
import { JSONObject } from '@lumino/coreutils';
import { Menu } from '@lumino/widgets';

/** Something that a row, a button or a menu's item does. */
export interface ICall {
  command: string;
  args: JSONObject;
}

export type MenuEntry = ICall | 'separator' | { label: string; entries: ICall[] };

/** Open a menu of what can be done; `restore` gives the focus back when it closes. */
export function openMenu(
  commands: JupyterFrontEnd['commands'],
  entries: readonly MenuEntry[],
  x: number,
  y: number,
  byKeyboard: boolean,
  restore: () => void
): void {
  const menu = new Menu({ commands });
  menu.addClass('lnb-menu');
  const isThere = (call: ICall) => commands.hasCommand(call.command);
  const add = (to: Menu, call: ICall) => to.addItem({ command: call.command, args: call.args });
  for (const entry of entries) {
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
