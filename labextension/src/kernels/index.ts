import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';

import { IWorkbench } from '../tokens';
import { Links } from './links';

const workbench: JupyterFrontEndPlugin<IWorkbench> = {
  id: 'lambda-nb:workbench',
  description: 'Connects this page to lambda_nb in the kernels of its notebooks.',
  autoStart: true,
  requires: [INotebookTracker],
  provides: IWorkbench,
  activate: (_: JupyterFrontEnd, notebooks: INotebookTracker) => new Links(notebooks)
};

export default [workbench];
