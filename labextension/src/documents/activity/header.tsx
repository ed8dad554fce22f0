import { TranslationBundle } from '@jupyterlab/translation';

import { CommandIDs } from '../../tokens';
import { give, IParts } from '../parts';
import { Subject } from '../subject';
import { ActivityFeed } from './feed';

/** What the function is, what can be done with it, and the time that is shown. */
export function Header(props: {
  subject: Subject;
  parts: IParts;
  feed: ActivityFeed;
}): JSX.Element {
  const { subject, parts, feed } = props;
  const { trans } = parts;
  const { lambda } = subject;
  return (
    <>
      <header className="lnb-flow">
        <h2>{subject.name}</h2>
        {lambda && (
          <span className="lnb-dim">
            {[
              lambda.runtime,
              `${lambda.memory_mb} MB`,
              trans.__('timeout %1 s', lambda.timeout_s),
              lambda.architecture,
              lambda.update === 'InProgress' ? trans.__('updating') : lambda.state
            ]
              .filter(Boolean)
              .join(' · ')}
          </span>
        )}
      </header>
      {lambda?.description && <p className="lnb-dim">{lambda.description}</p>}
      {lambda?.state_reason && <p className="lnb-mod-fault">{lambda.state_reason}</p>}
      <div className="lnb-flow" role="toolbar" aria-label={trans.__('Function')}>
        <Do {...props} id={CommandIDs.invoke} text={trans.__('Invoke')} primary />
        <Do {...props} id={CommandIDs.logs} text={trans.__('Logs')} />
        <Do {...props} id={CommandIDs.events} text={trans.__('Events')} />
        <Do {...props} id={CommandIDs.settings} text={trans.__('Settings')} />
        <Do {...props} id={CommandIDs.goToCell} text={trans.__('Go to its cell')} />
        <span className="lnb-spring" />
        <Windows feed={feed} trans={trans} />
        <button
          className="lnb-act"
          aria-pressed={feed.paused}
          onClick={() => {
            feed.paused = !feed.paused;
          }}
        >
          {feed.paused ? trans.__('Resume') : trans.__('Pause')}
        </button>
      </div>
    </>
  );
}

function Windows(props: { feed: ActivityFeed; trans: TranslationBundle }): JSX.Element {
  const { feed, trans } = props;
  const windows: [seconds: number, words: string][] = [
    [60, trans.__('1 min')],
    [300, trans.__('5 min')],
    [1800, trans.__('30 min')]
  ];
  return (
    <span className="lnb-choice" role="group" aria-label={trans.__('Time that is shown')}>
      {windows.map(([seconds, words]) => (
        <button
          key={seconds}
          className="lnb-act"
          aria-pressed={feed.window === seconds}
          onClick={() => {
            feed.window = seconds;
          }}
        >
          {words}
        </button>
      ))}
    </span>
  );
}

/** A command of this function; not there if nobody provides it. */
function Do(props: {
  subject: Subject;
  parts: IParts;
  id: string;
  text: string;
  primary?: boolean;
}): JSX.Element | null {
  const { commands } = props.parts.app;
  if (!commands.hasCommand(props.id)) {
    return null;
  }
  return (
    <button
      className={props.primary ? 'lnb-act lnb-mod-primary' : 'lnb-act'}
      disabled={props.id === CommandIDs.settings && props.subject.reach !== 'here'}
      onClick={() => give(props.parts, props.subject, props.id)}
    >
      {props.text}
    </button>
  );
}
