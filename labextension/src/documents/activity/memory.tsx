import { TranslationBundle } from '@jupyterlab/translation';
import { useState } from 'react';

import { IActivity } from '../../protocol';
import { brief, dollars, duration } from '../../shared/figures';
import { Subject } from '../subject';
import { SIZES, Tuner } from './tuner';

interface IMemory {
  activity: IActivity;
  subject: Subject;
  tuner: Tuner;
  /** The payload that the function is tried with. */
  payload: string;
  trans: TranslationBundle;
}

/** Memory used against memory bought, and what other sizes would do. */
export function Memory(props: IMemory): JSX.Element {
  const { activity, subject, tuner, payload, trans } = props;
  const bought = subject.lambda?.memory_mb ?? activity.memory_mb;
  const used = activity.summary.max_memory_mb;
  const other = proposal(bought, used);
  const [sizes, setSizes] = useState(SIZES.join(', '));
  const wanted = read(sizes);
  const can = subject.reach === 'here' && !tuner.running;
  const share = used !== null && bought ? Math.min(1, used / bought) : 0;
  return (
    <section className="lnb-memory" aria-label={trans.__('Memory')}>
      <h3>{trans.__('Memory')}</h3>
      <p className="lnb-flow">
        <span className="lnb-bar lnb-bar-wide" aria-hidden="true">
          <span
            className={share > 0.9 ? 'lnb-mod-full' : ''}
            style={{ width: `${share * 100}%` }}
          />
        </span>
        <span>
          {used === null
            ? trans.__('%1 MB bought', bought)
            : trans.__('at most %1 of %2 MB used', used, bought)}
        </span>
        <button
          className="lnb-act"
          disabled={!can}
          title={trans.__('Run the function with %1 and with %2 MB, and compare', bought, other)}
          onClick={() =>
            void tuner.tune(
              payload,
              [bought, other].sort((a, b) => a - b)
            )
          }
        >
          {trans.__('Try %1 MB', other)}
        </button>
      </p>
      <details className="lnb-fold">
        <summary>{trans.__('Find the best size')}</summary>
        <p className="lnb-dim">
          {trans.__(
            'More memory brings more CPU. This runs the function several times at each size, and then sets its memory back. Its payload is the latest of its Invoke document: %1',
            brief(payload, 60)
          )}
        </p>
        {subject.link?.picture?.place === 'aws' && (
          <p>{trans.__('These invocations run on AWS and cost money.')}</p>
        )}
        <p className="lnb-flow">
          <label className="lnb-pick">
            <span>{trans.__('Sizes in MB')}</span>
            <input
              className="lnb-input"
              value={sizes}
              onChange={event => setSizes(event.target.value)}
              aria-invalid={wanted === null}
            />
          </label>
          <button
            className="lnb-act"
            disabled={!can || wanted === null}
            onClick={() => wanted && void tuner.tune(payload, wanted)}
          >
            {trans.__('Try these sizes')}
          </button>
          {wanted === null && (
            <span className="lnb-mod-fault">
              {trans.__('Give two or more numbers from 128 to 10240, with commas.')}
            </span>
          )}
        </p>
      </details>
      <Outcome tuner={tuner} bought={bought} trans={trans} />
    </section>
  );
}

function Outcome(props: { tuner: Tuner; bought: number; trans: TranslationBundle }): JSX.Element {
  const { tuner, bought, trans } = props;
  const { tuning } = tuner;
  const rows = tuning?.rows ?? [];
  const slowest = Math.max(0, ...rows.map(row => row.duration_ms));
  const best = tuning?.best ?? null;
  return (
    <div aria-live="polite">
      {tuner.running && (
        <p className="lnb-flow">
          <progress value={tuning?.done ?? 0} max={tuning?.of ?? 1} />
          {tuning
            ? trans.__('%1 of %2 sizes tried', tuning.done, tuning.of)
            : trans.__('Trying the first size…')}
        </p>
      )}
      {tuner.fault && <p className="lnb-mod-fault">{tuner.fault}</p>}
      {rows.length > 0 && (
        <table className="lnb-table lnb-tuning">
          <thead>
            <tr>
              <th scope="col" className="lnb-number">
                {trans.__('Memory')}
              </th>
              <th scope="col" className="lnb-number">
                {trans.__('Duration')}
              </th>
              <th scope="col" aria-hidden="true" />
              <th scope="col" className="lnb-number">
                {trans.__('Cost per million')}
              </th>
              <th scope="col" />
            </tr>
          </thead>
          <tbody>
            {rows.map(row => (
              <tr key={row.memory_mb} className={row.memory_mb === best ? 'lnb-mod-current' : ''}>
                <td className="lnb-number">{`${row.memory_mb} MB`}</td>
                <td className="lnb-number">{duration(row.duration_ms)}</td>
                <td aria-hidden="true">
                  <span className="lnb-bar">
                    <span style={{ width: `${(100 * row.duration_ms) / (slowest || 1)}%` }} />
                  </span>
                </td>
                <td className="lnb-number">{dollars(row.cost_per_million)}</td>
                <td>
                  {[
                    row.memory_mb === bought && trans.__('now'),
                    row.memory_mb === best && trans.__('best')
                  ]
                    .filter(Boolean)
                    .join(', ')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {!tuner.running && tuning && <p>{tuning.words}</p>}
      {!tuner.running && best !== null && best !== bought && (
        <p>
          <button
            className="lnb-act"
            onClick={() => void tuner.use(best, trans.__('The function has %1 MB now.', best))}
          >
            {trans.__('Use %1 MB', best)}
          </button>
        </p>
      )}
      {tuner.done && <p>{tuner.done}</p>}
    </div>
  );
}

/** Another size worth trying: half of it where much is unused, else the double; 512 MB to begin with. */
function proposal(bought: number, used: number | null): number {
  if (bought < 512 || used === null) {
    return bought === 512 ? 1024 : 512;
  }
  return used * 2.5 < bought ? Math.max(128, Math.round(bought / 2)) : Math.min(10_240, bought * 2);
}

/** Memory sizes of a text, or null where it has none or wrong ones. */
function read(text: string): number[] | null {
  const sizes = text
    .split(/[\s,;]+/)
    .filter(Boolean)
    .map(Number);
  const right = sizes.every(one => Number.isInteger(one) && one >= 128 && one <= 10_240);
  return right && new Set(sizes).size >= 2 ? [...new Set(sizes)].sort((a, b) => a - b) : null;
}
