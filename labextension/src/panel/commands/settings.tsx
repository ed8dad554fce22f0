import { Notification } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useRef, useState } from 'react';

import { ISettings } from '../../protocol';
import { Field, SelectField, TextField, whole } from './fields';
import { IFormProps, openForm } from './form';
import { ITarget, ITools, tellFailure } from './tools';

interface IVariable {
  id: number;
  key: string;
  value: string;
}

type Problems = { [field: string]: string };

/** Settings that are numbers, in the order of the form. */
const NUMBERS = ['memory_mb', 'timeout_s', 'ephemeral_storage_mb', 'reserved'] as const;

type NumberName = (typeof NUMBERS)[number];

/** Edit a function's settings; only what was changed is sent. */
export async function editSettings(tools: ITools, { link, name }: ITarget): Promise<void> {
  const { trans } = tools;
  const before = await tellFailure(trans.__('Settings of %1', name), () =>
    link.ask('settings', { name })
  );
  if (!before) {
    return;
  }
  const changed = await openForm<Partial<ISettings>, boolean>({
    title: trans.__('Settings of %1', name),
    ok: trans.__('Save'),
    trans,
    form: props => <SettingsForm {...props} before={before} trans={trans} />,
    submit: async settings => {
      if (Object.keys(settings).length === 0) {
        return false;
      }
      await link.ask('update_settings', { name, settings });
      return true;
    }
  });
  if (changed) {
    Notification.success(trans.__('%1 has its new settings.', name), { autoClose: 3000 });
    tools.state.forgetDetails();
  }
}

function SettingsForm({
  before,
  trans,
  onRead
}: IFormProps<Partial<ISettings>> & { before: ISettings; trans: TranslationBundle }) {
  const [numbers, setNumbers] = useState<Record<NumberName, string>>({
    memory_mb: String(before.memory_mb),
    timeout_s: String(before.timeout_s),
    ephemeral_storage_mb: String(before.ephemeral_storage_mb),
    reserved: before.reserved === null ? '' : String(before.reserved)
  });
  const [handler, setHandler] = useState(before.handler);
  const [runtime, setRuntime] = useState(before.runtime);
  const [description, setDescription] = useState(before.description);
  const [logFormat, setLogFormat] = useState<string>(before.log_format);
  const [layers, setLayers] = useState(before.layers.join('\n'));
  const [variables, setVariables] = useState<IVariable[]>(() =>
    Object.entries(before.environment).map(([key, value], id) => ({ id, key, value }))
  );
  const [isChecked, setChecked] = useState(false);
  const nextId = useRef(variables.length);
  const form = useRef<HTMLDivElement>(null);

  const problems: Problems = {};
  const fields = numberFields(trans);
  const number = (name: NumberName) => {
    const { least, most, wrong } = fields[name];
    const value = whole(numbers[name], least, most);
    if (value === null) {
      problems[name] = wrong(numbers[name]);
    }
    return value ?? 0;
  };
  const arns = layers
    .split('\n')
    .map(line => line.trim())
    .filter(Boolean);
  const settings: ISettings = {
    memory_mb: number('memory_mb'),
    timeout_s: number('timeout_s'),
    ephemeral_storage_mb: number('ephemeral_storage_mb'),
    reserved: numbers.reserved.trim() === '' ? null : number('reserved'),
    handler: handler.trim(),
    runtime: runtime.trim(),
    description,
    log_format: logFormat as ISettings['log_format'],
    layers: arns,
    environment: Object.fromEntries(variables.map(one => [one.key, one.value]))
  };
  if (arns.length > 5) {
    problems.layers = trans.__('A function has at most 5 layers; these are %1.', arns.length);
  }
  if (description.length > 256) {
    problems.description = trans.__('%1 characters; at most 256.', description.length);
  }
  variables.forEach(({ id, key }) => {
    if (!/^[a-zA-Z][a-zA-Z0-9_]+$/.test(key)) {
      problems[`key ${id}`] = trans.__(
        '“%1” is no name: it begins with a letter, has two characters or more, and only letters, digits and _.',
        key
      );
    } else if (variables.some(other => other.id !== id && other.key === key)) {
      problems[`key ${id}`] = trans.__('%1 is there twice.', key);
    }
  });

  useEffect(() => {
    onRead(() => {
      setChecked(true);
      if (Object.keys(problems).length > 0) {
        window.setTimeout(
          () => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus(),
          0
        );
        return null;
      }
      return changes(before, settings);
    });
  });

  const problem = (field: string) => (isChecked ? problems[field] : undefined);
  const change = (id: number, part: Partial<IVariable>) =>
    setVariables(all => all.map(one => (one.id === id ? { ...one, ...part } : one)));

  return (
    <div className="lnb-form" ref={form}>
      <div className="lnb-form-columns">
        {NUMBERS.map(name => (
          <TextField
            key={name}
            label={fields[name].label}
            value={numbers[name]}
            onChange={text => setNumbers(all => ({ ...all, [name]: text }))}
            problem={problem(name)}
            hint={fields[name].hint}
            isNumber
          />
        ))}
        <TextField label={trans.__('Handler')} value={handler} onChange={setHandler} />
        <TextField label={trans.__('Runtime')} value={runtime} onChange={setRuntime} />
      </div>
      <TextField
        label={trans.__('Description')}
        value={description}
        onChange={setDescription}
        problem={problem('description')}
      />
      <fieldset>
        <legend>{trans.__('Environment variables')}</legend>
        {variables.map((one, index) => (
          <div key={one.id} className="lnb-variable">
            <input
              className="jp-mod-styled"
              aria-label={trans.__('Name of variable %1', index + 1)}
              aria-invalid={problem(`key ${one.id}`) !== undefined}
              placeholder={trans.__('NAME')}
              spellCheck={false}
              value={one.key}
              onChange={event => change(one.id, { key: event.target.value })}
            />
            <input
              className="jp-mod-styled"
              aria-label={trans.__('Value of variable %1', index + 1)}
              placeholder={trans.__('value')}
              spellCheck={false}
              value={one.value}
              onChange={event => change(one.id, { value: event.target.value })}
            />
            <button
              type="button"
              className="lnb-button"
              aria-label={trans.__('Remove variable %1', one.key || index + 1)}
              title={trans.__('Remove')}
              onClick={() => setVariables(all => all.filter(other => other.id !== one.id))}
            >
              ×
            </button>
            {problem(`key ${one.id}`) && (
              <div className="lnb-problem">{problem(`key ${one.id}`)}</div>
            )}
          </div>
        ))}
        <button
          type="button"
          className="lnb-add"
          onClick={() =>
            setVariables(all => [...all, { id: nextId.current++, key: '', value: '' }])
          }
        >
          {trans.__('Add variable')}
        </button>
      </fieldset>
      <Field
        label={trans.__('Layers, one ARN with version a line; the last one wins')}
        problem={problem('layers')}
      >
        {ties => (
          <textarea
            {...ties}
            className="jp-mod-styled"
            rows={Math.max(2, arns.length)}
            spellCheck={false}
            value={layers}
            onChange={event => setLayers(event.target.value)}
          />
        )}
      </Field>
      <SelectField
        label={trans.__('Log format')}
        value={logFormat}
        onChange={setLogFormat}
        options={[
          { value: 'Text', label: trans.__('Text') },
          { value: 'JSON', label: trans.__('JSON') }
        ]}
      />
    </div>
  );
}

interface INumberField {
  label: string;
  hint: string;
  least: number;
  most: number;
  /** What is wrong with this text. */
  wrong: (text: string) => string;
}

function numberFields(trans: TranslationBundle): Record<NumberName, INumberField> {
  return {
    memory_mb: {
      label: trans.__('Memory (MB)'),
      hint: trans.__('128 to 10240. CPU grows with it.'),
      least: 128,
      most: 10_240,
      wrong: text => trans.__('“%1” is no whole number from 128 to 10240 MB.', text)
    },
    timeout_s: {
      label: trans.__('Timeout (seconds)'),
      hint: trans.__('1 to 900'),
      least: 1,
      most: 900,
      wrong: text => trans.__('“%1” is no whole number from 1 to 900 seconds.', text)
    },
    ephemeral_storage_mb: {
      label: trans.__('/tmp (MB)'),
      hint: trans.__('512 to 10240'),
      least: 512,
      most: 10_240,
      wrong: text => trans.__('“%1” is no whole number from 512 to 10240 MB.', text)
    },
    reserved: {
      label: trans.__('Reserved concurrency'),
      hint: trans.__('Empty: none. 0: no event gets in.'),
      least: 0,
      most: 1_000_000,
      wrong: text => trans.__('“%1” is no whole number from 0 on. Leave it empty for none.', text)
    }
  };
}

/** What differs. */
function changes(before: ISettings, after: ISettings): Partial<ISettings> {
  const words = (value: unknown) => JSON.stringify(value);
  return Object.fromEntries(
    Object.entries(after).filter(
      ([key, value]) => words(value) !== words(before[key as keyof ISettings])
    )
  );
}
