import { Notification } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useState } from 'react';

import { CommandIDs } from '../../tokens';
import { TextField } from './fields';
import { IFormProps, openForm } from './form';
import { ITarget, ITools } from './tools';

/** Publish a version: code and settings as they are now, which then never change. */
export async function publish(tools: ITools, { link, name, args }: ITarget): Promise<void> {
  const { trans } = tools;
  const published = await openForm({
    title: trans.__('Publish a version of %1', name),
    ok: trans.__('Publish'),
    trans,
    form: props => <PublishForm {...props} trans={trans} />,
    submit: (description: string) => link.ask('publish', { name, description })
  });
  if (published) {
    tools.state.forgetDetails();
    Notification.success(trans.__('%1 has version %2.', name, published.version), {
      autoClose: 8000,
      actions: [
        {
          label: trans.__('Alias…'),
          callback: () =>
            void tools.app.commands.execute(CommandIDs.alias, {
              ...args,
              version: published.version
            })
        }
      ]
    });
  }
}

function PublishForm({ trans, onRead }: IFormProps<string> & { trans: TranslationBundle }) {
  const [description, setDescription] = useState('');
  useEffect(() => onRead(() => description));
  return (
    <div className="lnb-form">
      <p>{trans.__('A version keeps code and settings as they are now.')}</p>
      <TextField
        label={trans.__('Description (may be empty)')}
        value={description}
        onChange={setDescription}
      />
    </div>
  );
}
