import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs, IWorkbench } from '../tokens';
import { addCommands } from './commands';
import * as ids from './commands/ids';
import { LambdaPanel } from './panel';
import { PanelState } from './state';
import { StatusItem } from './status';

const SETTINGS = 'lambda-nb:workbench';

const panel: JupyterFrontEndPlugin<void> = {
  id: 'lambda-nb:panel',
  description: 'Lambda functions of the open notebooks, in the side bar and the status bar.',
  autoStart: true,
  requires: [IWorkbench, INotebookTracker],
  optional: [ICommandPalette, ILayoutRestorer, ISettingRegistry, IStatusBar, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    workbench: IWorkbench,
    notebooks: INotebookTracker,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    registry: ISettingRegistry | null,
    statusBar: IStatusBar | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('lambda_nb');
    const state = new PanelState(workbench, trans);
    const widget = new LambdaPanel(state, app.commands, trans);
    const inPalette = addCommands({ app, notebooks, workbench, state, trans });
    const open = () => app.shell.activateById(widget.id);
    app.commands.addCommand(CommandIDs.openPanel, {
      label: trans.__('Open Lambda Panel'),
      execute: open
    });
    app.commands.addCommand(ids.filter, {
      label: trans.__('Filter Lambda Panel'),
      execute: () => {
        const isSeen = widget.isVisible;
        widget.focusFilter();
        if (!isSeen) {
          open();
        }
      }
    });
    [CommandIDs.openPanel, ids.filter, ...inPalette].forEach(command =>
      palette?.addItem({ command, category: trans.__('Lambda') })
    );
    app.shell.add(widget, 'left', { rank: 600, type: 'Lambda' });
    restorer?.add(widget, widget.id);
    registry
      ?.load(SETTINGS)
      .then(settings => {
        state.settings = settings;
      })
      .catch((reason: unknown) => console.warn('lambda_nb: no settings', reason));
    if (statusBar) {
      const item = new StatusItem(workbench, trans, open);
      statusBar.registerStatusItem('lambda-nb:functions', {
        item,
        align: 'left',
        rank: 20,
        isActive: item.isActive,
        activeStateChanged: workbench.changed
      });
    }
  }
};

export default [panel];
