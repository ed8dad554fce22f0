import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { NotebookPanel } from '@jupyterlab/notebook';

import { made } from '../../cells/magic';
import { codeOf } from '../../cells/source';
import { ITarget, ITools, tellFailure } from './tools';

/** Show a notebook's tab. */
export function showNotebook(tools: ITools, path: string): NotebookPanel | undefined {
  const panel = tools.notebooks.find(one => one.sessionContext.path === path);
  if (panel) {
    tools.app.shell.activateById(panel.id);
  }
  return panel;
}

/** Go to the cell that makes a function: in its own notebook, else in another that is open. */
export async function goToCell(tools: ITools, { link, name }: ITarget): Promise<void> {
  const panels: NotebookPanel[] = [];
  tools.notebooks.forEach(panel => panels.push(panel));
  panels.sort(
    (a, b) =>
      Number(b.sessionContext.path === link.path) - Number(a.sessionContext.path === link.path)
  );
  for (const panel of panels) {
    const index = panel.content.widgets.findIndex(cell => made(codeOf(cell))?.name === name);
    if (index >= 0) {
      tools.app.shell.activateById(panel.id);
      await panel.revealed;
      panel.content.deselectAll();
      panel.content.activeCellIndex = index;
      await panel.content.scrollToCell(panel.content.widgets[index], 'center');
      panel.content.activate();
      return;
    }
  }
  Notification.warning(
    tools.trans.__('No open notebook has a cell that begins with %%%%lambda %1.', name)
  );
}

/** Open a function's URL; one is made only after asking, for who reaches it may call it. */
export async function openUrl(
  tools: ITools,
  { link, name }: ITarget,
  qualifier?: string
): Promise<void> {
  const { trans } = tools;
  const doing = trans.__('URL of %1', name);
  const details = await tellFailure(doing, () => link.ask('details', { name }));
  if (!details) {
    return;
  }
  if (details.url && !qualifier) {
    openAddress(tools, details.url);
    return;
  }
  const isAws = link.picture?.place === 'aws';
  const result = await showDialog({
    title: trans.__('Make a URL for %1?', name),
    body: isAws
      ? trans.__('Everyone on the Internet who knows the URL may then call the function.')
      : trans.__('Every program on this machine that knows the URL may then call the function.'),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Make URL') })
    ]
  });
  if (!result.button.accept) {
    return;
  }
  const made = await tellFailure(doing, () => link.ask('url', { name, qualifier }));
  if (made) {
    tools.state.forgetDetails();
    openAddress(tools, made.url);
  }
}

/** Open an address in a tab of the browser; where the browser is elsewhere, say what that means. */
export function openAddress(tools: ITools, address: string): void {
  const { trans } = tools;
  if (!isLoopback(window.location.hostname) && isLoopback(new URL(address).hostname)) {
    Notification.warning(
      trans.__(
        '%1 is an address of the machine that runs the kernel; your browser is on another one. Call it from a cell.',
        address
      ),
      { autoClose: 15_000 }
    );
    return;
  }
  window.open(address, '_blank', 'noopener');
}

function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host.startsWith('127.') ||
    host === '[::1]'
  );
}
