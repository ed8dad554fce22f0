import { Clipboard, InputDialog, Notification } from '@jupyterlab/apputils';

import { IActions } from '../../protocol';
import { ITarget, ITools, tellFailure } from './tools';

type Form = IActions['copy_as'][0]['form'];
type What = IActions['copy_as'][0]['what'];

/** What `lambda-nb:copy-as` takes beside the function. */
export interface ICopyArgs {
  form?: Form;
  what?: What;
}

/** Copy text and say so. */
export function copyText(tools: ITools, text: string, what: string): void {
  Clipboard.copyToSystem(text);
  Notification.success(tools.trans.__('Copied: %1', what), { autoClose: 2000 });
}

/** Copy what makes, or invokes, a function elsewhere. */
export async function copyAs(tools: ITools, { link, name }: ITarget, args: ICopyArgs) {
  const chosen = args.form ? { form: args.form, what: args.what ?? 'function' } : await ask(tools);
  if (!chosen) {
    return;
  }
  const { trans } = tools;
  const words = copyAsWords(tools, chosen.form, chosen.what);
  const text = await tellFailure(words, () =>
    link.ask('copy_as', { name, form: chosen.form, what: chosen.what })
  );
  if (text !== undefined) {
    copyText(tools, text, trans.__('%1, %2', name, words));
  }
}

/** `boto3: create the function`. */
export function copyAsWords({ trans }: ITools, form: Form, what: What): string {
  const to = what === 'function' ? trans.__('create the function') : trans.__('invoke it');
  switch (form) {
    case 'boto3':
      return trans.__('boto3: %1', to);
    case 'cli':
      return trans.__('aws CLI: %1', to);
    case 'terraform':
      return trans.__('Terraform: %1', to);
  }
}

async function ask(tools: ITools): Promise<{ form: Form; what: What } | null> {
  const choices: { form: Form; what: What }[] = [
    { form: 'boto3', what: 'function' },
    { form: 'cli', what: 'function' },
    { form: 'terraform', what: 'function' },
    { form: 'boto3', what: 'invoke' },
    { form: 'cli', what: 'invoke' }
  ];
  const labels = choices.map(one => copyAsWords(tools, one.form, one.what));
  const result = await InputDialog.getItem({
    title: tools.trans.__('Copy as'),
    items: labels,
    okLabel: tools.trans.__('Copy')
  });
  return result.button.accept && result.value ? choices[labels.indexOf(result.value)] : null;
}
