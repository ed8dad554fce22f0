import { JupyterFrontEnd } from '@jupyterlab/application';
import { InputDialog, Notification } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';

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
  const found = tools.workbench.links
    .filter(link => args.path === undefined || link.path === args.path)
    .flatMap(link => (link.picture?.functions ?? []).map(one => of(link, one.name)))
    .filter(one => args.name === undefined || one.name === args.name);
  if (found.length === 0 && args.path !== undefined && args.name !== undefined) {
    const link = tools.workbench.find(args.path);
    return link ? of(link, args.name) : null;
  }
  if (found.length === 0) {
    Notification.warning(
      args.name
        ? tools.trans.__('No open notebook has a function %1.', args.name)
        : tools.trans.__('No function yet. Run a cell that begins with %%%%lambda NAME.')
    );
    return null;
  }
  return found.length === 1 ? found[0] : choose(tools, found);
}

async function choose(tools: ITools, found: ITarget[]): Promise<ITarget | null> {
  const several = new Set(found.map(one => one.link)).size > 1;
  const labels = found.map(one => (several ? `${one.name} (${one.link.title})` : one.name));
  const result = await InputDialog.getItem({
    title: tools.trans.__('Which function?'),
    items: labels,
    okLabel: tools.trans.__('Choose')
  });
  return result.button.accept && result.value ? found[labels.indexOf(result.value)] : null;
}

function of(link: IKernelLink, name: string): ITarget {
  return { link, name, args: { path: link.path, name } };
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
