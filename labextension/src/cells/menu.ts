import { JupyterFrontEnd } from '@jupyterlab/application';
import { Cell } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { Menu } from '@lumino/widgets';

import { CommandIDs } from '../tokens';
import { Badge } from './badge';
import { deploy } from './commands';
import { IFunctionCell } from './magic';
import { OpenMenu } from './cells';

const ABOUT_A_FUNCTION = [
  [CommandIDs.invoke, CommandIDs.logs, CommandIDs.events, CommandIDs.openFunction],
  [CommandIDs.settings, CommandIDs.debug]
];

/** Opens the menu of a badge: deploy, and what other parts offer for the function. */
export function menus(commands: JupyterFrontEnd['commands']): OpenMenu {
  return (
    panel: NotebookPanel,
    cell: Cell,
    found: IFunctionCell,
    badge: Badge,
    byKeyboard: boolean
  ) => {
    const menu = new Menu({ commands });
    menu.addClass('lnb-menu');
    const args = { path: panel.context.path, name: found.name, cell: cell.model.id };
    menu.addItem({ command: deploy, args });
    if (found.magic === '%%lambda' && !found.test) {
      menu.addItem({ command: CommandIDs.deployAndInvoke, args });
    }
    if (found.magic === '%%lambda') {
      for (const group of ABOUT_A_FUNCTION) {
        const there = group.filter(command => commands.hasCommand(command));
        if (there.length) {
          menu.addItem({ type: 'separator' });
        }
        there.forEach(command =>
          menu.addItem({ command, args: { path: args.path, name: found.name } })
        );
      }
    }
    badge.node.setAttribute('aria-expanded', 'true');
    menu.aboutToClose.connect(() => {
      badge.node.removeAttribute('aria-expanded');
      badge.node.focus();
      // The chosen command runs after this signal.
      window.setTimeout(() => menu.dispose(), 0);
    });
    const place = badge.node.getBoundingClientRect();
    menu.open(place.left, place.bottom);
    if (byKeyboard) {
      menu.activateNextItem();
    }
  };
}
