import { InputDialog, Notification } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { IFunctionArgs, IWorkbench } from '../tokens';

/** Which function a command means: the one it names, the only one, or the one the user chooses. */
export async function choose(
  args: IFunctionArgs,
  workbench: IWorkbench,
  trans: TranslationBundle,
  title: string
): Promise<{ path: string; name: string } | null> {
  const { path, name } = args;
  if (path && name) {
    return { path, name };
  }
  const found = workbench.links
    .filter(link => !path || link.path === path)
    .flatMap(link => (link.picture?.functions ?? []).map(one => ({ link, name: one.name })))
    .filter(one => !name || one.name === name);
  if (found.length === 0) {
    Notification.warning(
      name
        ? trans.__('No open notebook has a function %1.', name)
        : trans.__('No function yet. Run a cell that begins with %%%%lambda NAME.')
    );
    return null;
  }
  const several = new Set(found.map(one => one.link)).size > 1;
  const items = found.map(one => (several ? `${one.name} · ${one.link.title}` : one.name));
  const index = found.length === 1 ? 0 : await ask(items, title, trans);
  return index < 0 ? null : { path: found[index].link.path, name: found[index].name };
}

/** The index of the item that the user chooses; -1 for none. */
async function ask(items: string[], title: string, trans: TranslationBundle): Promise<number> {
  const { button, value } = await InputDialog.getItem({
    title,
    items,
    label: trans.__('Function'),
    okLabel: trans.__('Choose')
  });
  return button.accept && value !== null ? items.indexOf(value) : -1;
}
