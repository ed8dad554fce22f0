import { TranslationBundle } from '@jupyterlab/translation';

import { brief, clock, dollars, duration } from '../../shared/figures';
import { IRun } from '../history';
import { InvokeModel } from './model';
import { Chip } from './result';

interface IRuns {
  model: InvokeModel;
  trans: TranslationBundle;
  load: (payload: string) => void;
}

/** The history: one row a run; choosing one shows its result. */
export function Runs(props: IRuns): JSX.Element {
  const { model, trans } = props;
  const { runs, shown } = model;
  return (
    <details className="lnb-fold" open>
      <summary>{trans.__('History (%1)', runs.length)}</summary>
      {runs.length === 0 ? (
        <p className="lnb-dim">{trans.__('Runs of this function are kept here.')}</p>
      ) : (
        <>
          <ul className="lnb-list" aria-label={trans.__('History')}>
            {runs.map(run => (
              <li key={run.id} className={run === shown ? 'lnb-mod-current' : ''}>
                <button
                  className="lnb-entry"
                  aria-pressed={run === shown}
                  onClick={() => model.show(run.id)}
                  title={trans.__('Show the result of this run')}
                >
                  <Outcome run={run} trans={trans} />
                  <span className="lnb-dim">{clock(run.at)}</span>
                  <code>{brief(run.payload)}</code>
                  <span className="lnb-dim">{figures(run)}</span>
                </button>
                <button
                  className="lnb-act"
                  onClick={() => props.load(run.payload)}
                  title={trans.__('Load this payload into the editor')}
                >
                  {trans.__('Load')}
                </button>
              </li>
            ))}
          </ul>
          <button className="lnb-link" onClick={() => model.clear()}>
            {trans.__('Clear the history')}
          </button>
        </>
      )}
    </details>
  );
}

function Outcome(props: { run: IRun; trans: TranslationBundle }): JSX.Element {
  const { run, trans } = props;
  switch (run.state) {
    case 'running':
      return <Chip kind="running" text={trans.__('running')} />;
    case 'lost':
      return <Chip kind="lost" text={trans.__('no answer')} />;
    case 'failed':
      return <Chip kind="error" text={trans.__('not carried out')} />;
    case 'done':
      return <Chip kind={run.result?.status ?? 'error'} text={run.result?.status ?? ''} />;
  }
}

function figures(run: IRun): string {
  const { result, qualifier } = run;
  return [
    qualifier,
    duration(result?.duration_ms ?? null),
    result?.cost ? dollars(result.cost) : ''
  ]
    .filter(Boolean)
    .join(' · ');
}
