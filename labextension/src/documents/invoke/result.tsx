import { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useState } from 'react';

import { IResult } from '../../protocol';
import { clock, dollars, duration } from '../../shared/figures';
import { IRun } from '../history';

/** Characters of a payload that are shown before one asks for all. */
const FIRST = 20_000;

interface IShown {
  run: IRun | null;
  trans: TranslationBundle;
  openLog: (requestId: string) => void;
}

/** What came of one run. */
export function Result(props: IShown): JSX.Element {
  const { run, trans } = props;
  return (
    <section className="lnb-result" aria-label={trans.__('Result')} aria-live="polite">
      {run === null ? (
        <p className="lnb-dim">{trans.__('The result of a run comes here.')}</p>
      ) : run.state === 'running' ? (
        <Running key={run.id} run={run} trans={trans} />
      ) : run.state === 'lost' ? (
        <p>
          {trans.__(
            'The page was left before this run (%1) was answered. The log tells what became of it.',
            clock(run.at)
          )}
        </p>
      ) : run.state === 'failed' || run.result === null ? (
        <>
          <p>
            <Chip kind="error" text={trans.__('not carried out')} />{' '}
            <span className="lnb-dim">{clock(run.at)}</span>
          </p>
          <pre className="lnb-text">{run.fault}</pre>
        </>
      ) : (
        <Answer key={run.id} result={run.result} run={run} trans={trans} openLog={props.openLog} />
      )}
    </section>
  );
}

function Running(props: { run: IRun; trans: TranslationBundle }): JSX.Element {
  const { run, trans } = props;
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 200);
    return () => window.clearInterval(timer);
  }, []);
  return (
    <p>
      <Chip kind="running" text={trans.__('running')} />{' '}
      <span aria-hidden="true">{((now - run.at) / 1000).toFixed(1)} s</span>
    </p>
  );
}

interface IAnswer {
  run: IRun;
  result: IResult;
  trans: TranslationBundle;
  openLog: (requestId: string) => void;
}

function Answer(props: IAnswer): JSX.Element {
  const { run, result, trans } = props;
  const words = {
    success: trans.__('success'),
    error: trans.__('error'),
    accepted: trans.__('accepted'),
    throttled: trans.__('throttled')
  };
  return (
    <>
      <p className="lnb-flow">
        <Chip kind={result.status} text={words[result.status]} />
        {result.start && <Chip kind={result.start} text={result.start} />}
        <strong>{duration(result.duration_ms)}</strong>
        <span className="lnb-dim">
          {trans.__('version %1 · %2', result.version || '$LATEST', clock(run.at))}
        </span>
      </p>
      {result.error && (
        <div className="lnb-fault">
          <strong>{result.error.type}</strong>
          <pre className="lnb-text">{result.error.message}</pre>
          {result.error.frames && <pre className="lnb-code">{result.error.frames}</pre>}
        </div>
      )}
      {result.status === 'accepted' ? (
        <p>
          {trans.__('Lambda has queued the event. What the function makes of it is in its log.')}
        </p>
      ) : (
        (!result.error || result.payload) && (
          <Payload
            title={result.error ? trans.__('Error object') : trans.__('Response')}
            text={result.payload}
            folded={result.error !== null}
            trans={trans}
          />
        )
      )}
      {result.billed_ms !== null && <Bill result={result} trans={trans} />}
      {result.log.trim() && (
        <details>
          <summary>{trans.__('Log (its last 4 KB)')}</summary>
          <pre className="lnb-code">{result.log.trim()}</pre>
        </details>
      )}
      <details>
        <summary>{trans.__('Payload that was sent')}</summary>
        <pre className="lnb-code">{run.payload.slice(0, FIRST)}</pre>
      </details>
      <p className="lnb-flow lnb-dim">
        <span className="lnb-break">{trans.__('request %1', result.request_id)}</span>
        {result.request_id && (
          <button className="lnb-link" onClick={() => props.openLog(result.request_id)}>
            {trans.__('Open its log')}
          </button>
        )}
      </p>
    </>
  );
}

function Payload(props: {
  title: string;
  text: string;
  folded: boolean;
  trans: TranslationBundle;
}): JSX.Element {
  const { title, text, trans } = props;
  const [all, setAll] = useState(false);
  const [open, setOpen] = useState(!props.folded);
  const shown = all ? text : text.slice(0, FIRST);
  return (
    <details open={open} onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>{title}</summary>
      <pre className="lnb-code">{shown}</pre>
      {shown.length < text.length && (
        <button className="lnb-act" onClick={() => setAll(true)}>
          {trans.__('Show all %1 KB', Math.ceil(text.length / 1024))}
        </button>
      )}
    </details>
  );
}

/** The figures of the REPORT line. */
function Bill(props: { result: IResult; trans: TranslationBundle }): JSX.Element {
  const { result, trans } = props;
  const share =
    result.memory_mb && result.max_memory_mb !== null
      ? Math.min(1, result.max_memory_mb / result.memory_mb)
      : null;
  return (
    <dl className="lnb-figures">
      <Figure name={trans.__('Duration')} value={duration(result.duration_ms)} />
      {result.init_ms !== null && (
        <Figure name={trans.__('Init')} value={duration(result.init_ms)} />
      )}
      <Figure name={trans.__('Billed')} value={`${result.billed_ms} ms`} />
      {share !== null && (
        <div className="lnb-figure">
          <dt>{trans.__('Memory')}</dt>
          <dd>
            {trans.__('%1 of %2 MB', result.max_memory_mb, result.memory_mb)}
            <span className="lnb-bar" aria-hidden="true">
              <span
                className={share > 0.9 ? 'lnb-mod-full' : ''}
                style={{ width: `${share * 100}%` }}
              />
            </span>
          </dd>
        </div>
      )}
      {result.cost !== null && (
        <>
          <Figure name={trans.__('Cost')} value={dollars(result.cost)} />
          <Figure name={trans.__('A million of these')} value={dollars(result.cost * 1e6)} />
        </>
      )}
    </dl>
  );
}

function Figure(props: { name: string; value: string }): JSX.Element {
  return (
    <div className="lnb-figure">
      <dt>{props.name}</dt>
      <dd>{props.value}</dd>
    </div>
  );
}

/** A word in a frame, in the colour of its kind. */
export function Chip(props: { kind: string; text: string }): JSX.Element {
  return <span className={`lnb-chip lnb-chip-${props.kind}`}>{props.text}</span>;
}
