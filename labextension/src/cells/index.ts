import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ICompletionProviderManager } from '@jupyterlab/completer';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IWorkbench } from '../tokens';
import { FunctionCells } from './cells';
import { addCommands } from './commands';
import { OptionCompletions } from './completions';
import { menus } from './menu';
import { Options } from './options';

const cells: JupyterFrontEndPlugin<void> = {
  id: 'lambda-nb:cells',
  description: 'Language, badge, problems and commands of the cells that are Lambda functions.',
  autoStart: true,
  requires: [IWorkbench, INotebookTracker],
  optional: [ICommandPalette, ICompletionProviderManager, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    workbench: IWorkbench,
    notebooks: INotebookTracker,
    palette: ICommandPalette | null,
    completions: ICompletionProviderManager | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('lambda_nb');
    addCommands(app, notebooks, trans).forEach(command =>
      palette?.addItem({ command, category: trans.__('Lambda') })
    );
    completions?.registerProvider(new OptionCompletions(new Options(workbench), trans));
    const open = menus(app.commands);
    const look = (panel: (typeof notebooks)['currentWidget']) =>
      panel && new FunctionCells(panel, workbench, open, trans);
    notebooks.forEach(look);
    notebooks.widgetAdded.connect((_, panel) => look(panel));
  }
};

export default [cells];
