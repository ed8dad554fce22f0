import { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { Cell } from '@jupyterlab/cells';
import { INotebookTracker, NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';

import { CommandIDs } from '../tokens';
import { IFunctionCell, made, parse } from './magic';
import { codeOf } from './source';

/** Run a function's cell. */
export const deploy = 'lambda-nb:deploy';

interface IPlace {
  panel: NotebookPanel;
  cell: Cell;
  found: IFunctionCell;
}

/** Arguments of both commands; without them it is the current cell. */
interface ICellArgs {
  path?: string;
  name?: string;
  /** The id of the cell's model. */
  cell?: string;
}

/** Add the commands that deploy a cell; returns those for the palette. */
export function addCommands(
  app: JupyterFrontEnd,
  notebooks: INotebookTracker,
  trans: TranslationBundle
): string[] {
  const place = (args: ICellArgs) => find(notebooks, args);
  app.commands.addCommand(deploy, {
    label: args =>
      place(args as ICellArgs)?.found.test ? trans.__('Run the Tests') : trans.__('Deploy'),
    caption: trans.__('Run the cell of the function'),
    isEnabled: args => place(args as ICellArgs) !== null,
    execute: async args => {
      const at = place(args as ICellArgs);
      return at !== null && run(at);
    }
  });
  app.commands.addCommand(CommandIDs.deployAndInvoke, {
    label: trans.__('Deploy and Invoke'),
    caption: trans.__('Run the cell, then invoke the function with its last payload'),
    execute: async args => {
      const at = place(args as ICellArgs);
      if (at === null || at.found.magic !== '%%lambda') {
        const said = trans.__('This is no cell of a function: it begins with %%%%lambda NAME.');
        Notification.info(said, { autoClose: 5000 });
        return false;
      }
      if (!(await run(at))) {
        return false;
      }
      await invoke(app, at);
      return true;
    }
  });
  return [deploy, CommandIDs.deployAndInvoke];
}

/**
 * Invoke in the function's own tab: there the payload can be seen and changed, and the result does
 * not become a part of the notebook. The keyboard stays in the cell, for the next edit.
 */
async function invoke(app: JupyterFrontEnd, { panel, found }: IPlace): Promise<void> {
  if (!app.commands.hasCommand(CommandIDs.invoke)) {
    return;
  }
  const editing = panel.content.mode === 'edit';
  const args = { path: panel.context.path, name: found.name, run: true };
  await app.commands.execute(CommandIDs.invoke, args);
  // A tab takes the focus only after a turn of the event loop; single keys are commands until then.
  await turn();
  app.shell.activateById(panel.id);
  await turn();
  if (editing) {
    panel.content.mode = 'edit';
    panel.content.activeCell?.editor?.focus();
  }
}

function turn(): Promise<void> {
  return new Promise(resolve => window.setTimeout(resolve, 50));
}

async function run({ panel, cell }: IPlace): Promise<boolean> {
  const { content, sessionContext } = panel;
  const editing = content.mode === 'edit';
  content.activeCellIndex = content.widgets.indexOf(cell);
  content.deselectAll();
  const done = await NotebookActions.run(content, sessionContext);
  if (editing) {
    content.mode = 'edit';
  }
  return done;
}

function find(notebooks: INotebookTracker, args: ICellArgs): IPlace | null {
  const panel = args.path
    ? notebooks.find(one => one.context.path === args.path)
    : notebooks.currentWidget;
  if (!panel) {
    return null;
  }
  const { widgets, activeCell } = panel.content;
  const cell = args.cell
    ? widgets.find(one => one.model.id === args.cell)
    : args.name
      ? widgets.find(one => made(codeOf(one))?.name === args.name)
      : activeCell;
  const found = cell ? parse(codeOf(cell)) : null;
  return cell && found ? { panel, cell, found } : null;
}
