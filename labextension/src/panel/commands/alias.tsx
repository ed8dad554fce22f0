import { Notification } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useState } from 'react';

import { IAlias, IDetails } from '../../protocol';
import { SelectField, TextField, whole } from './fields';
import { IFormProps, openForm } from './form';
import { ITarget, ITools, tellFailure, undo } from './tools';

interface IMove {
  alias: string;
  version: string;
  weights: { [version: string]: number };
}

/** Make an alias, or move one: to another version, or a share of its events to a second one. */
export async function editAlias(
  tools: ITools,
  { link, name }: ITarget,
  chosen: { alias?: string; version?: string }
): Promise<void> {
  const { trans } = tools;
  const details = await tellFailure(trans.__('Aliases of %1', name), () =>
    link.ask('details', { name })
  );
  if (!details) {
    return;
  }
  const before = details.aliases.find(one => one.name === chosen.alias);
  const put = async (move: IMove) => {
    const alias = await link.ask('put_alias', { name, ...move });
    tools.state.forgetDetails();
    return alias;
  };
  const moved = await openForm<IMove, IAlias>({
    title: before
      ? trans.__('Move the alias %1 of %2', before.name, name)
      : trans.__('Alias of %1', name),
    ok: before ? trans.__('Move') : trans.__('Save'),
    trans,
    form: props => (
      <AliasForm {...props} details={details} before={before} chosen={chosen} trans={trans} />
    ),
    submit: put
  });
  if (!moved) {
    return;
  }
  const previous = details.aliases.find(one => one.name === moved.name);
  Notification.success(trans.__('The alias %1 leads to version %2.', moved.name, moved.version), {
    autoClose: 8000,
    actions: previous
      ? [
          undo(trans, () =>
            put({ alias: previous.name, version: previous.version, weights: previous.weights })
          )
        ]
      : []
  });
}

function AliasForm({
  details,
  before,
  chosen,
  trans,
  onRead
}: IFormProps<IMove> & {
  details: IDetails;
  before: IAlias | undefined;
  chosen: { version?: string };
  trans: TranslationBundle;
}) {
  const versions = details.versions.map(one => one.version);
  const numbered = versions.filter(version => version !== '$LATEST').reverse();
  const [alias, setAlias] = useState(before?.name ?? '');
  const [version, setVersion] = useState(
    chosen.version ?? before?.version ?? numbered[0] ?? '$LATEST'
  );
  const [second, setSecond] = useState(Object.keys(before?.weights ?? {})[0] ?? '');
  const [share, setShare] = useState(
    String(Math.round((Object.values(before?.weights ?? {})[0] ?? 0.1) * 100))
  );
  const [isChecked, setChecked] = useState(false);

  const aliasProblem = /^(?!\d+$)[a-zA-Z0-9_-]{1,128}$/.test(alias)
    ? ''
    : trans.__('“%1” is no name: letters, digits, - and _, and not only digits.', alias);
  const percentage = whole(share, 0, 100);
  const shareProblem =
    second && percentage === null
      ? trans.__('“%1” is no whole number from 0 to 100 percent.', share)
      : '';
  const others = numbered.filter(one => one !== version);

  useEffect(() => {
    onRead(() => {
      setChecked(true);
      if (aliasProblem || shareProblem) {
        return null;
      }
      const weights = second ? { [second]: (percentage ?? 0) / 100 } : {};
      return { alias, version, weights };
    });
  });

  return (
    <div className="lnb-form">
      {before ? null : (
        <TextField
          label={trans.__('Alias')}
          value={alias}
          onChange={setAlias}
          problem={isChecked ? aliasProblem : ''}
          hint={trans.__('A new name, or one that is there, which then moves.')}
          list={details.aliases.map(one => one.name)}
        />
      )}
      <SelectField
        label={trans.__('Version')}
        value={version}
        onChange={chosenVersion => {
          setVersion(chosenVersion);
          if (chosenVersion === second || chosenVersion === '$LATEST') {
            setSecond('');
          }
        }}
        options={[...numbered, '$LATEST'].map(one => ({
          value: one,
          label: described(details, one)
        }))}
      />
      <SelectField
        label={trans.__('Send a share of the events to')}
        value={second}
        onChange={setSecond}
        hint={
          version === '$LATEST'
            ? trans.__('Weights need published versions; $LATEST cannot have any.')
            : others.length === 0
              ? trans.__('Publish a second version to send a share of the events there.')
              : ''
        }
        options={[
          { value: '', label: trans.__('no second version') },
          ...(version === '$LATEST' ? [] : others).map(one => ({
            value: one,
            label: described(details, one)
          }))
        ]}
      />
      {second && (
        <TextField
          label={trans.__('Share of version %1 (percent)', second)}
          value={share}
          onChange={setShare}
          problem={isChecked ? shareProblem : ''}
          hint={
            percentage === null ? '' : trans.__('%1 % go to version %2.', 100 - percentage, version)
          }
          isNumber
        />
      )}
    </div>
  );
}

function described(details: IDetails, version: string): string {
  const description = details.versions.find(one => one.version === version)?.description;
  return description ? `${version} · ${description}` : version;
}
