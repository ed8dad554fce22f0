import { TranslationBundle } from '@jupyterlab/translation';

import { routes } from '../../shared/figures';
import { InvokeModel } from './model';

interface IControls {
  model: InvokeModel;
  trans: TranslationBundle;
  run: () => void;
  format: () => void;
  load: (payload: string) => void;
  fail: (error: Error) => void;
  copy: (form: 'boto3' | 'cli') => void;
}

/** The row above the payload: run it, on which version, with which event. */
export function Controls(props: IControls): JSX.Element {
  const { model, trans } = props;
  const waiting = model.subject.reach === 'waiting';
  return (
    <div className="lnb-flow" role="toolbar" aria-label={trans.__('Invoke')}>
      <button
        className="lnb-act lnb-mod-primary"
        disabled={!model.runnable}
        onClick={props.run}
        title={
          waiting
            ? trans.__('Runs after the current cell (Ctrl+Enter, Shift+Enter)')
            : trans.__('Run the function with this payload (Ctrl+Enter, Shift+Enter)')
        }
      >
        {trans.__('Run')}
      </button>
      <label className="lnb-pick">
        <span>{trans.__('Version')}</span>
        <select
          aria-label={trans.__('Version')}
          value={model.qualifier}
          onChange={event => model.set({ qualifier: event.target.value })}
          onFocus={() => void model.refresh()}
        >
          <Versions model={model} trans={trans} />
        </select>
      </label>
      <label className="lnb-pick">
        <span>{trans.__('Call')}</span>
        <select
          aria-label={trans.__('Call')}
          value={model.asynchronous ? 'event' : 'wait'}
          onChange={event => model.set({ asynchronous: event.target.value === 'event' })}
        >
          <option value="wait">{trans.__('synchronous')}</option>
          <option value="event">{trans.__('asynchronous')}</option>
        </select>
      </label>
      <select
        aria-label={trans.__('Load a sample event')}
        value=""
        disabled={model.samples.length === 0}
        onChange={event => {
          model.sample(event.target.value).then(props.load, props.fail);
        }}
      >
        <option value="">{trans.__('Sample event…')}</option>
        {model.samples.map(one => (
          <option key={one.source} value={one.source}>
            {one.title || one.source}
          </option>
        ))}
      </select>
      <button className="lnb-act" onClick={props.format} title={trans.__('Lay out the JSON')}>
        {trans.__('Format')}
      </button>
      <select
        aria-label={trans.__('Copy this call as code')}
        value=""
        disabled={!model.runnable}
        onChange={event => props.copy(event.target.value as 'boto3' | 'cli')}
      >
        <option value="">{trans.__('Copy as…')}</option>
        <option value="boto3">{trans.__('Python (boto3)')}</option>
        <option value="cli">{trans.__('aws CLI')}</option>
      </select>
    </div>
  );
}

function Versions(props: { model: InvokeModel; trans: TranslationBundle }): JSX.Element {
  const { model, trans } = props;
  const aliases = model.details?.aliases ?? [];
  const versions = (model.details?.versions ?? []).filter(one => one.version !== '$LATEST');
  const known = ['', ...aliases.map(one => one.name), ...versions.map(one => one.version)];
  return (
    <>
      <option value="">$LATEST</option>
      {aliases.length > 0 && (
        <optgroup label={trans.__('Aliases')}>
          {aliases.map(one => (
            <option key={one.name} value={one.name}>
              {`${one.name} → ${routes(one).join(', ')}`}
            </option>
          ))}
        </optgroup>
      )}
      {versions.length > 0 && (
        <optgroup label={trans.__('Versions')}>
          {versions.map(one => (
            <option key={one.version} value={one.version}>
              {one.description ? `${one.version} · ${one.description}` : one.version}
            </option>
          ))}
        </optgroup>
      )}
      {!known.includes(model.qualifier) && (
        <option value={model.qualifier}>{model.qualifier}</option>
      )}
    </>
  );
}
