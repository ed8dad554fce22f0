import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDebugger, IDebuggerHandler } from '@jupyterlab/debugger';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { bugIcon } from '@jupyterlab/ui-components';

import { CommandIDs, IFunctionArgs, IWorkbench } from '../tokens';
import { canDebug, IParts, isDebugged, toggle } from './command';

/** The command that runs a function under JupyterLab's own debugger. */
const debugging: JupyterFrontEndPlugin<void> = {
  id: 'lambda-nb:debugging',
  description: "Debugs functions with JupyterLab's own debugger.",
  autoStart: true,
  requires: [INotebookTracker],
  optional: [IWorkbench, IDebugger, IDebuggerHandler, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    workbench: IWorkbench | null,
    service: IDebugger | null,
    handler: IDebugger.IHandler | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('lambda_nb');
    const parts: IParts = { app, notebooks, workbench, service, handler, trans };
    app.commands.addCommand(CommandIDs.debug, {
      label: args =>
        isDebugged(parts, args as IFunctionArgs)
          ? trans.__('Run Without Debugger')
          : trans.__('Debug'),
      caption: trans.__("Run the function under JupyterLab's debugger: its cell gets --debug"),
      icon: bugIcon,
      isEnabled: args => canDebug(parts, args as IFunctionArgs),
      execute: args => toggle(parts, args as IFunctionArgs)
    });
    palette?.addItem({ command: CommandIDs.debug, category: trans.__('Lambda') });
  }
};

export default [debugging];
