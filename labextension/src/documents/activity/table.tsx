import { TranslationBundle } from '@jupyterlab/translation';
import { useState } from 'react';

import { IActivity } from '../../protocol';
import { clock, duration } from '../../shared/figures';
import { brief, Invocation } from './feed';

const MOST_ROWS = 200;

/** The invocations of the charts as a table, the latest first. */
export function InvocationTable(props: {
  activity: IActivity;
  trans: TranslationBundle;
  open: (invocation: Invocation) => void;
}): JSX.Element {
  const { activity, trans } = props;
  const [shown, setShown] = useState(false);
  return (
    <details className="lnb-fold" onToggle={event => setShown(event.currentTarget.open)}>
      <summary>{trans.__('The invocations as a table')}</summary>
      {shown && <Table {...props} />}
      {shown && activity.invocations.length > MOST_ROWS && (
        <p className="lnb-dim">{trans.__('The latest %1 are listed.', MOST_ROWS)}</p>
      )}
    </details>
  );
}

function Table(props: {
  activity: IActivity;
  trans: TranslationBundle;
  open: (invocation: Invocation) => void;
}): JSX.Element {
  const { activity, trans } = props;
  const heads: [string, boolean][] = [
    [trans.__('Time'), false],
    [trans.__('Outcome'), false],
    [trans.__('Start'), false],
    [trans.__('Init'), true],
    [trans.__('Duration'), true],
    [trans.__('Billed'), true],
    [trans.__('Memory'), true],
    [trans.__('Version'), false],
    [trans.__('Environment'), false]
  ];
  const rows = activity.invocations.slice(-MOST_ROWS).reverse();
  return (
    <div className="lnb-scroll">
      <table className="lnb-table">
        <thead>
          <tr>
            {heads.map(([text, number]) => (
              <th key={text} scope="col" className={number ? 'lnb-number' : ''}>
                {text}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((one, i) => (
            <tr key={`${one.request_id}/${one.at}/${i}`}>
              <td>
                <button
                  className="lnb-link"
                  title={trans.__('Open the log of request %1', one.request_id)}
                  onClick={() => props.open(one)}
                >
                  {clock(one.at, false, true)}
                </button>
              </td>
              <td>{one.status}</td>
              <td>{one.start}</td>
              <td className="lnb-number">{one.init_ms > 0 ? duration(one.init_ms) : ''}</td>
              <td className="lnb-number">{duration(one.duration_ms)}</td>
              <td className="lnb-number">{`${one.billed_ms} ms`}</td>
              <td className="lnb-number">
                {one.max_memory_mb === null ? '' : `${one.max_memory_mb} MB`}
              </td>
              <td>{one.version}</td>
              <td>{brief(one.environment)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
