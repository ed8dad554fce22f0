import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICompletionProviderManager } from '@jupyterlab/completer';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';
import { LabIcon } from '@jupyterlab/ui-components';

import { FunctionCells } from './cells';
import { RuntimeCompletions } from './completions';
import { FunctionsPanel } from './panel';
import { FunctionsState } from './state';
import { StatusItem } from './status';

const PANEL_ID = 'lambda-nb-functions';

const lambdaIcon = new LabIcon({
  name: 'lambda-nb:lambda',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24">' +
    '<path class="jp-icon3" fill="#616161" d="M6 3h4.2l6.6 15H20v3h-5.2L10.6 11.5 6.2 21H2.8l6.1-13.1L8.3 6H6z"/>' +
    '</svg>'
});

const functions: JupyterFrontEndPlugin<void> = {
  id: 'lambda-nb:functions',
  description: 'A panel of the functions of the notebook, badges on their cells, a status item.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [IStatusBar, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    statusBar: IStatusBar | null,
    restorer: ILayoutRestorer | null
  ) => {
    const state = new FunctionsState();
    const panel = new FunctionsPanel(state);
    panel.id = PANEL_ID;
    panel.title.icon = lambdaIcon;
    panel.title.caption = 'Lambda functions';
    app.shell.add(panel, 'left', { rank: 550 });
    restorer?.add(panel, PANEL_ID);

    notebooks.forEach(notebook => new FunctionCells(notebook, state));
    notebooks.widgetAdded.connect((_, notebook) => new FunctionCells(notebook, state));
    const follow = () => state.follow(notebooks.currentWidget?.sessionContext ?? null);
    notebooks.currentChanged.connect(follow);
    follow();

    statusBar?.registerStatusItem('lambda-nb:status', {
      align: 'left',
      rank: 100,
      item: new StatusItem(state, () => app.shell.activateById(PANEL_ID))
    });
  }
};

const completions: JupyterFrontEndPlugin<void> = {
  id: 'lambda-nb:completions',
  description: 'Completes the names of runtimes in function cells.',
  autoStart: true,
  requires: [ICompletionProviderManager],
  activate: (_: JupyterFrontEnd, manager: ICompletionProviderManager) => {
    manager.registerProvider(new RuntimeCompletions());
  }
};

export default [functions, completions];
