import { InputDialog, Notification } from '@jupyterlab/apputils';

import { IFunctionArgs, IKernelLink } from '../tokens';
import { IParts } from './parts';

/** Which function a command means: the one it names, the only one, or the one the user chooses. */
export async function choose(
  args: IFunctionArgs,
  parts: IParts,
  title: string
): Promise<{ path: string; name: string } | null> {
  const { workbench, trans } = parts;
  if (args.path && args.name) {
    return { path: args.path, name: args.name };
  }
  const links = args.path ? [workbench.find(args.path)] : workbench.links;
  const found = links
    .filter((link): link is IKernelLink => link !== undefined)
    .flatMap(link =>
      (link.picture?.functions ?? [])
        .filter(one => !args.name || one.name === args.name)
        .map(one => ({ path: link.path, name: one.name, title: link.title }))
    );
  if (args.name && found.length > 0) {
    return found[0]; // the current notebook is first
  }
  if (found.length === 0) {
    Notification.info(
      trans.__(
        'There are no Lambda functions yet. A cell that begins with %%%%lambda NAME makes one.'
      ),
      { autoClose: 5000 }
    );
    return null;
  }
  if (found.length === 1) {
    return found[0];
  }
  const several = new Set(found.map(one => one.path)).size > 1;
  const items = found.map(one => (several ? `${one.name} · ${one.title}` : one.name));
  const chosen = await InputDialog.getItem({ title, items, label: trans.__('Function') });
  return chosen.button.accept && chosen.value !== null ? found[items.indexOf(chosen.value)] : null;
}
