import { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { Cell } from '@jupyterlab/cells';
import { IDebugger } from '@jupyterlab/debugger';
import { INotebookTracker, NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';

import { parse } from '../cells/magic';
import { codeOf } from '../cells/source';
import { IFunctionArgs, IWorkbench } from '../tokens';
import { asksForDebugger, makes, withDebugger, withoutDebugger } from './line';
import { turnOn } from './switch';

const SHOW_SIDEBAR = 'debugger:show-panel';

/** What the command works with; JupyterLab's debugger may be disabled. */
export interface IParts {
  app: JupyterFrontEnd;
  notebooks: INotebookTracker;
  workbench: IWorkbench | null;
  service: IDebugger | null;
  handler: IDebugger.IHandler | null;
  trans: TranslationBundle;
}

interface IPlace {
  panel: NotebookPanel;
  cell: Cell;
  name: string;
}

/** Whether the function's cell asks for a debugger. */
export function isDebugged(parts: IParts, args: IFunctionArgs): boolean {
  const at = find(parts, args);
  return at !== null && asksForDebugger(codeOf(at.cell));
}

/** Whether there is a cell to debug. */
export function canDebug(parts: IParts, args: IFunctionArgs): boolean {
  return find(parts, args) !== null;
}

/**
 * Debug a function: its cell gets `--debug` and runs, JupyterLab's debugger is turned on. If the cell
 * has `--debug`, both are undone. The option is in the cell, so it is seen, saved and can be undone.
 */
export async function toggle(parts: IParts, args: IFunctionArgs): Promise<void> {
  const at = find(parts, args);
  if (at === null) {
    const said = parts.trans.__('No open notebook has a cell that makes this function.');
    Notification.info(said, { autoClose: 6000 });
    return;
  }
  parts.app.shell.activateById(at.panel.id);
  await at.panel.context.ready;
  if (asksForDebugger(codeOf(at.cell))) {
    await run(at, withoutDebugger(codeOf(at.cell)));
    return;
  }
  const on = await turnedOn(parts, at.panel);
  if (await run(at, withDebugger(codeOf(at.cell)))) {
    tell(parts, at, on);
  }
}

async function turnedOn({ app, service, handler }: IParts, panel: NotebookPanel): Promise<boolean> {
  if (!service || !handler || !(await turnOn(service, handler, panel))) {
    return false;
  }
  if (app.commands.hasCommand(SHOW_SIDEBAR)) {
    await app.commands.execute(SHOW_SIDEBAR);
    app.shell.activateById(panel.id);
  }
  return true;
}

/** Give the cell a new text and run it; the cursor stays in the notebook. */
async function run({ panel, cell }: IPlace, source: string): Promise<boolean> {
  const { content } = panel;
  cell.model.sharedModel.setSource(source);
  content.activeCellIndex = content.widgets.indexOf(cell);
  content.deselectAll();
  await content.scrollToItem(content.activeCellIndex, 'smart');
  return NotebookActions.run(content, panel.sessionContext);
}

function tell({ trans }: IParts, { name }: IPlace, on: boolean): void {
  const said = on
    ? trans.__(
        '%1 runs under the debugger. Click beside a line of its cell to set a breakpoint, then call it.',
        name
      )
    : trans.__(
        '%1 runs under a debugger, but this JupyterLab or kernel has none of its own. For VS Code: %%lambda debug %1',
        name
      );
  Notification.info(said, { autoClose: 8000 });
}

function find(parts: IParts, args: IFunctionArgs): IPlace | null {
  const { notebooks, workbench } = parts;
  const panel = args.path
    ? notebooks.find(one => one.context.path === args.path)
    : notebooks.currentWidget;
  if (!panel || panel.isDisposed) {
    return null;
  }
  const name = args.name ?? nameAt(panel);
  if (!name || (args.path && workbench && !workbench.find(args.path))) {
    return null;
  }
  const cell = panel.content.widgets.find(one => makes(codeOf(one), name));
  return cell ? { panel, cell, name } : null;
}

/** The function of the current cell. */
function nameAt(panel: NotebookPanel): string | null {
  const cell = panel.content.activeCell;
  const found = cell && parse(codeOf(cell));
  return found?.magic === '%%lambda' ? found.name : null;
}
