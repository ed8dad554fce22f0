import { Notification } from '@jupyterlab/apputils';
import { KernelMessage } from '@jupyterlab/services';

import { IKernelLink } from '../../tokens';
import { ITools } from './tools';

/** Load lambda_nb in a notebook's kernel, as its own cell would. */
export async function load(tools: ITools, link: IKernelLink): Promise<void> {
  const { trans } = tools;
  const kernel = link.context.session?.kernel;
  if (!kernel) {
    Notification.warning(trans.__('The notebook has no kernel. Choose Kernel > Change Kernel.'));
    return;
  }
  if ((await kernel.info).language_info.name !== 'python') {
    Notification.warning(trans.__('lambda_nb needs a Python kernel.'));
    return;
  }
  const reply: KernelMessage.IExecuteReplyMsg = await kernel.requestExecute({
    code: '%load_ext lambda_nb',
    store_history: false
  }).done;
  // IPython prints, and does not raise, that a module is missing: only the hello tells success.
  if (reply.content.status === 'error' || !(await heard(link))) {
    Notification.error(
      trans.__(
        'The kernel could not load lambda_nb. Run `%load_ext lambda_nb` in a cell to see why; `%pip install lambda-nb` installs it.'
      ),
      { autoClose: 15_000 }
    );
  }
}

function heard(link: IKernelLink): Promise<boolean> {
  return new Promise(resolve => {
    const end = (isHere: boolean) => {
      link.changed.disconnect(check);
      window.clearTimeout(timer);
      resolve(isHere);
    };
    const check = () => {
      if (link.isLoaded) {
        end(true);
      }
    };
    const timer = window.setTimeout(() => end(false), 10_000);
    link.changed.connect(check);
    check();
  });
}
