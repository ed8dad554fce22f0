import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { IDetails } from '../../protocol';
import { IFunctionArgs } from '../../tokens';
import { ITarget, ITools, tellFailure, undo } from './tools';

/** Delete a function or one of its versions, after asking; a notification offers to undo it. */
export async function remove(
  tools: ITools,
  { link, name }: ITarget,
  { qualifier }: IFunctionArgs
): Promise<void> {
  const { trans, state } = tools;
  const what = qualifier ? trans.__('version %1 of %2', qualifier, name) : name;
  if (state.askBeforeDelete) {
    const details = qualifier
      ? null
      : await link.ask('details', { name }).catch((): IDetails | null => null);
    const result = await showDialog({
      title: trans.__('Delete %1?', what),
      body: qualifier
        ? trans.__('A version cannot be brought back; its number is never used again.')
        : details
          ? goes(trans, details)
          : '',
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.warnButton({ label: trans.__('Delete') })
      ],
      defaultButton: 0
    });
    if (!result.button.accept) {
      return;
    }
  }
  const deleted = await tellFailure(trans.__('Delete %1', what), () =>
    link.ask('delete', { name, qualifier })
  );
  if (!deleted) {
    return;
  }
  state.forgetDetails();
  const lost =
    !deleted.lost || qualifier
      ? ''
      : deleted.undo
        ? ` ${trans.__('Undo cannot bring back: %1.', deleted.lost)}`
        : ` ${trans.__('There is no undo: %1.', deleted.lost)}`;
  Notification.success(trans.__('Deleted %1.', what) + lost, {
    autoClose: 30_000,
    actions: deleted.undo
      ? [
          undo(trans, async () => {
            await link.ask('undo', { undo: deleted.undo });
            state.forgetDetails();
            Notification.success(trans.__('%1 is back.', what), { autoClose: 5000 });
          })
        ]
      : []
  });
}

/** Delete an alias; it can be made again as it was. */
export async function removeAlias(
  tools: ITools,
  { link, name }: ITarget,
  aliasName: string
): Promise<void> {
  const { trans, state } = tools;
  const doing = trans.__('Delete the alias %1', aliasName);
  await tellFailure(doing, async () => {
    const details = await link.ask('details', { name });
    const alias = details.aliases.find(one => one.name === aliasName);
    if (!alias) {
      throw new Error(trans.__('%1 has no alias %2.', name, aliasName));
    }
    await link.ask('delete_alias', { name, alias: aliasName });
    state.forgetDetails();
    Notification.success(trans.__('Deleted the alias %1 of %2.', aliasName, name), {
      autoClose: 30_000,
      actions: [
        undo(trans, async () => {
          const { version, weights, description } = alias;
          await link.ask('put_alias', { name, alias: aliasName, version, weights, description });
          state.forgetDetails();
        })
      ]
    });
  });
}

/** What goes with a function. */
function goes(trans: TranslationBundle, details: IDetails): string {
  const versions = details.versions.filter(one => one.version !== '$LATEST').length;
  const parts = [
    versions > 0 ? trans._n('%1 version', '%1 versions', versions) : '',
    details.aliases.length > 0
      ? trans._n(
          'the alias %2',
          'the aliases %2',
          details.aliases.length,
          details.aliases.map(one => one.name).join(', ')
        )
      : '',
    details.url ? trans.__('its URL %1', details.url) : '',
    details.sources.length > 0
      ? trans.__(
          'what brings it events: %1',
          details.sources.map(one => `${one.service} ${one.name}`).join(', ')
        )
      : ''
  ].filter(Boolean);
  return parts.length > 0
    ? trans.__('With it go %1.', parts.join('; '))
    : trans.__('It has no versions, aliases, URL or event sources.');
}
