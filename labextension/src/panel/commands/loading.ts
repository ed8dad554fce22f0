import { Notification } from '@jupyterlab/apputils';
import { Kernel, KernelMessage } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';

import { IKernelLink } from '../../tokens';
import { ITools, tellFailure } from './tools';

/** What the last kernel of the notebook left, in the words of `%load_ext`, and what gets it. */
const LEFT = /^(.*?) (%lambda (restore|connect) ?.*) brings them back\.$/s;

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
  const shown = await run(kernel, '%load_ext lambda_nb', trans).catch(() => null);
  // IPython prints, and does not raise, that a module is missing: only the hello tells success.
  if (shown === null || !(await heard(link))) {
    Notification.error(
      trans.__(
        'The kernel could not load lambda_nb. Run `%load_ext lambda_nb` in a cell to see why; `%pip install lambda-nb` installs it.'
      ),
      { autoClose: 15_000 }
    );
    return;
  }
  offer(tools, kernel, shown);
}

/** Offer what the last kernel left, if it left something. */
function offer({ trans }: ITools, kernel: Kernel.IKernelConnection, shown: string): void {
  const found = LEFT.exec(shown);
  if (!found) {
    return;
  }
  const [, left, command, verb] = found;
  const label = verb === 'restore' ? trans.__('Restore') : trans.__('Connect');
  const bring = async () => {
    Notification.success(await run(kernel, command, trans), { autoClose: 8000 });
  };
  Notification.info(left, {
    autoClose: false,
    actions: [{ label, callback: () => void tellFailure(label, bring) }]
  });
}

/** Run code beside the notebook's cells. Resolves with what it shows, as text. */
async function run(
  kernel: Kernel.IKernelConnection,
  code: string,
  trans: TranslationBundle
): Promise<string> {
  const future = kernel.requestExecute({ code, store_history: false });
  let shown = '';
  future.onIOPub = message => {
    if (KernelMessage.isDisplayDataMsg(message) || KernelMessage.isExecuteResultMsg(message)) {
      shown += String(message.content.data['text/plain'] ?? '');
    }
  };
  const { content } = await future.done;
  if (content.status !== 'ok') {
    throw new Error(
      content.status === 'error' ? content.evalue : trans.__('an error in a cell came before it')
    );
  }
  return shown;
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
