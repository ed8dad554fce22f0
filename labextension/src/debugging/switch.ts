import { IDebugger } from '@jupyterlab/debugger';
import { NotebookPanel } from '@jupyterlab/notebook';

/** Turn JupyterLab's debugger on for a notebook, as the bug in its toolbar does. */
export async function turnOn(
  service: IDebugger,
  handler: IDebugger.IHandler,
  panel: NotebookPanel
): Promise<boolean> {
  const { session: connection } = panel.sessionContext;
  if (!connection?.kernel || !(await service.isAvailable(connection))) {
    return false;
  }
  if (isOn(service, panel)) {
    return true;
  }
  // It makes the service's session, if there is none yet.
  await handler.updateContext(panel, panel.sessionContext);
  if (!service.session) {
    return false;
  }
  service.session.connection = connection;
  await service.restoreState(true);
  // Breakpoints, sidebar and the bug's colour follow what the service says.
  await handler.updateContext(panel, panel.sessionContext);
  return isOn(service, panel);
}

/** Whether the debugger is on for a notebook. */
export function isOn(service: IDebugger, panel: NotebookPanel): boolean {
  const kernel = panel.sessionContext.session?.kernel;
  return service.isStarted && !!kernel && service.session?.connection?.kernel?.id === kernel.id;
}
