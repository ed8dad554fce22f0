import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { useCallback, useEffect, useState } from 'react';

import { IActions } from '../../protocol';
import { pretty } from '../../shared/json';
import { IKernelLink } from '../../tokens';
import { ITools, tellFailure } from './tools';

interface IQueueArgs {
  url: string;
  name: string;
}

interface IMessagesProps {
  link: IKernelLink;
  url: string;
  trans: TranslationBundle;
}

/** Show messages of a queue without taking them away. */
export async function peek(tools: ITools, link: IKernelLink, queue: IQueueArgs): Promise<void> {
  const { trans } = tools;
  const dialog = new Dialog({
    title: trans.__('Messages of %1', queue.name),
    body: ReactWidget.create(<Messages trans={trans} link={link} url={queue.url} />),
    buttons: [Dialog.okButton({ label: trans.__('Close') })]
  });
  dialog.addClass('lnb-dialog');
  await dialog.launch();
}

/** Move the messages of a dead-letter queue back to where they came from, after asking. */
export async function redrive(tools: ITools, link: IKernelLink, queue: IQueueArgs): Promise<void> {
  const { trans } = tools;
  const known = link.picture?.queues.find(one => one.url === queue.url);
  const to = known?.dead_letters_of.join(', ') ?? '';
  const result = await showDialog({
    title: trans.__('Redrive %1?', queue.name),
    body: to
      ? trans.__('Its messages go back to %1, and are tried again.', to)
      : trans.__('Its messages go back to where they came from, and are tried again.'),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Redrive') })
    ]
  });
  if (!result.button.accept) {
    return;
  }
  const redriven = await tellFailure(trans.__('Redrive %1', queue.name), () =>
    link.ask('redrive', { url: queue.url })
  );
  if (redriven) {
    const { moved, to: places } = redriven;
    Notification.success(
      moved === 0
        ? trans.__('%1 had no messages to move.', queue.name)
        : trans._n(
            '%1 message moved from %2 to %3.',
            '%1 messages moved from %2 to %3.',
            moved,
            queue.name,
            places.join(', ')
          ),
      { autoClose: 8000 }
    );
  }
}

function Messages({ link, url, trans }: IMessagesProps) {
  const [messages, setMessages] = useState<IActions['peek'][1] | null>(null);
  const [failure, setFailure] = useState('');
  const [isAsking, setAsking] = useState(false);
  const ask = useCallback(async () => {
    setAsking(true);
    try {
      setMessages(await link.ask('peek', { url }));
      setFailure('');
    } catch (error) {
      setFailure((error as Error).message);
    }
    setAsking(false);
  }, [link, url]);
  useEffect(() => void ask(), [ask]);
  return (
    <div className="lnb-form lnb-messages">
      <p>
        {trans.__('A look at some of the messages. They stay in the queue.')}{' '}
        <button type="button" className="lnb-add" disabled={isAsking} onClick={() => void ask()}>
          {trans.__('Look again')}
        </button>
      </p>
      <div role="status">
        {isAsking && messages === null ? trans.__('Asking the kernel…') : ''}
        {messages?.length === 0 ? trans.__('No message can be seen now.') : ''}
      </div>
      <div role="alert" className="lnb-refusal">
        {failure}
      </div>
      <ol>
        {messages?.map((message, index) => (
          <li key={index}>
            <pre tabIndex={0}>{laidOut(message.body)}</pre>
            <span className="lnb-detail">
              {Object.entries(message.attributes)
                .map(([key, value]) => `${key}: ${readable(key, value)}`)
                .join(' · ')}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}

/** Times of SQS are milliseconds since 1970. */
function readable(key: string, value: string): string {
  return key.endsWith('Timestamp') ? new Date(Number(value)).toLocaleString() : value;
}

/** JSON is laid out; other text stays. */
function laidOut(body: string): string {
  try {
    JSON.parse(body);
    return pretty(body);
  } catch {
    return body;
  }
}
