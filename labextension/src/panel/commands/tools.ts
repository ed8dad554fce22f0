import { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';

import { choose } from '../../shared/choose';
import { IFunctionArgs, IKernelLink, IWorkbench } from '../../tokens';
import { PanelState } from '../state';

/** What commands of the panel work with. */
export interface ITools {
  app: JupyterFrontEnd;
  notebooks: INotebookTracker;
  workbench: IWorkbench;
  state: PanelState;
  trans: TranslationBundle;
}

/** A function of a notebook. */
export interface ITarget {
  link: IKernelLink;
  name: string;
  /** For commands of other parts. */
  args: { path: string; name: string };
}

/** The function that a command's arguments name; the user chooses if they leave it open. */
export async function target(tools: ITools, args: IFunctionArgs): Promise<ITarget | null> {
  const { trans, workbench } = tools;
  const chosen = await choose(args, workbench, trans, trans.__('Which function?'));
  if (!chosen) {
    return null;
  }
  const link = workbench.find(chosen.path);
  if (!link) {
    Notification.warning(trans.__('The notebook %1 is not open.', chosen.path));
    return null;
  }
  return { link, name: chosen.name, args: chosen };
}

/** The link of a path, or the current one. */
export function linkOf(tools: ITools, path: unknown): IKernelLink | null {
  return (
    (typeof path === 'string' ? tools.workbench.find(path) : undefined) ?? tools.workbench.current
  );
}

/** Tell a failure in the kernel's words, and go on. */
export async function tellFailure<T>(
  doing: string,
  work: () => Promise<T>
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    Notification.error(`${doing}: ${(error as Error).message}`, { autoClose: 15_000 });
    return undefined;
  }
}

/** A notification's button that takes back what was done. */
export function undo(trans: TranslationBundle, work: () => Promise<unknown>): Notification.IAction {
  const label = trans.__('Undo');
  return { label, callback: () => void tellFailure(label, work) };
}
