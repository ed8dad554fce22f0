import { JupyterFrontEnd } from '@jupyterlab/application';
import { Cell } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';

import { MenuEntry, openMenu } from '../shared/menu';
import { CommandIDs } from '../tokens';
import { Badge } from './badge';
import { OpenMenu } from './cells';
import { deploy } from './commands';
import { IFunctionCell } from './magic';

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
    const args = { path: panel.context.path, name: found.name };
    const ofCell = { ...args, cell: cell.model.id };
    const entries: MenuEntry[] = [{ command: deploy, args: ofCell }];
    if (found.magic === '%%lambda') {
      if (!found.test) {
        entries.push({ command: CommandIDs.deployAndInvoke, args: ofCell });
      }
      ABOUT_A_FUNCTION.forEach(group =>
        entries.push('separator', ...group.map(command => ({ command, args })))
      );
    }
    badge.node.setAttribute('aria-expanded', 'true');
    const { left, bottom } = badge.node.getBoundingClientRect();
    openMenu(commands, entries, left, bottom, byKeyboard, () => {
      badge.node.removeAttribute('aria-expanded');
      badge.node.focus();
    });
  };
}
