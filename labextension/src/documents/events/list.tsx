import { UseSignal } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import { Fragment, useState } from 'react';

import { IEvent } from '../../protocol';
import { brief, clock, duration } from '../../shared/figures';
import { Chip } from '../invoke/result';
import { EventsModel } from './model';

interface IList {
  model: EventsModel;
  trans: TranslationBundle;
  load: (payload: string) => void;
  run: (payload: string) => void;
  openLog: (requestId: string) => void;
}

/** A table of the events that reached a function; a row opens to payload and response. */
export function EventList(props: IList): JSX.Element {
  return <UseSignal signal={props.model.changed}>{() => <Table {...props} />}</UseSignal>;
}

function Table(props: IList): JSX.Element {
  const { model, trans } = props;
  const [open, setOpen] = useState<string>('');
  if (model.fault) {
    return <p className="lnb-mod-fault">{model.fault}</p>;
  }
  if (model.events === null) {
    return <p className="lnb-dim">{trans.__('Asking for the latest events…')}</p>;
  }
  if (model.events.length === 0) {
    return <p className="lnb-dim">{trans.__('No event reached the function in this time.')}</p>;
  }
  return (
    <div className="lnb-scroll">
      <table className="lnb-table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Time')}</th>
            <th scope="col">{trans.__('From')}</th>
            <th scope="col">{trans.__('Outcome')}</th>
            <th scope="col" className="lnb-number">
              {trans.__('Duration')}
            </th>
            <th scope="col">{trans.__('Payload')}</th>
          </tr>
        </thead>
        <tbody>
          {model.events.map((event, i) => {
            const key = `${event.request_id}/${event.at}`;
            return (
              <Fragment key={`${key}/${i}`}>
                <Row
                  event={event}
                  open={open === key}
                  toggle={() => setOpen(open === key ? '' : key)}
                />
                {open === key && (
                  <tr className="lnb-opened">
                    <td colSpan={5}>
                      <Opened {...props} event={event} />
                    </td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Row(props: { event: IEvent; open: boolean; toggle: () => void }): JSX.Element {
  const { event, open, toggle } = props;
  return (
    <tr>
      <td>
        <button className="lnb-opener" aria-expanded={open} onClick={toggle}>
          {clock(event.at, false, true)}
        </button>
      </td>
      <td className="lnb-clip" title={brief(event.origin, 300)}>
        {origin(event)}
      </td>
      <td>
        <Chip kind={event.status} text={event.status} />{' '}
        {event.start === 'cold' && <Chip kind="cold" text={event.start} />}
      </td>
      <td className="lnb-number">{duration(event.duration_ms)}</td>
      <td className="lnb-clip">
        <code>{brief(event.payload, 120)}</code>
      </td>
    </tr>
  );
}

/** A direct call is told by its payload, which has its own column. */
function origin(event: IEvent): string {
  return event.origin.startsWith('call ') ? 'call' : event.origin;
}

function Opened(props: IList & { event: IEvent }): JSX.Element {
  const { event, trans } = props;
  return (
    <>
      <div className="lnb-pair">
        <div>
          <h4>{trans.__('Payload')}</h4>
          <pre className="lnb-code">{event.payload}</pre>
        </div>
        <div>
          <h4>{trans.__('Response')}</h4>
          <pre className="lnb-code">{event.response || trans.__('none')}</pre>
        </div>
      </div>
      <p className="lnb-flow">
        <button className="lnb-act" onClick={() => props.load(event.payload)}>
          {trans.__('Load into Invoke')}
        </button>
        <button className="lnb-act" onClick={() => props.run(event.payload)}>
          {trans.__('Run again')}
        </button>
        <button className="lnb-link" onClick={() => props.openLog(event.request_id)}>
          {trans.__('Open its log')}
        </button>
        <span className="lnb-dim lnb-break">{trans.__('request %1', event.request_id)}</span>
      </p>
    </>
  );
}
