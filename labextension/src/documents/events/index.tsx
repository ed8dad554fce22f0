import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { JSONObject } from '@lumino/coreutils';
import { Message } from '@lumino/messaging';

import { CommandIDs } from '../../tokens';
import { give, IDocumentArgs, IParts } from '../parts';
import { Subject } from '../subject';
import { EventList } from './list';
import { EventsModel } from './model';

/** What reached a function, from where, and what it answered. */
export class EventsView extends ReactWidget {
  constructor(
    private _subject: Subject,
    private _parts: IParts
  ) {
    super();
    this.addClass('lnb-events');
    this.node.tabIndex = -1;
    this._model = new EventsModel(_subject);
  }

  follow(_: IDocumentArgs): void {
    void this._model.refresh();
  }

  focus(): void {
    this.node.focus();
  }

  dispose(): void {
    if (!this.isDisposed) {
      super.dispose();
      this._model.dispose();
    }
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._model.follow(true);
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._model.follow(true);
  }

  protected onBeforeHide(message: Message): void {
    super.onBeforeHide(message);
    this._model.follow(false);
  }

  protected render(): JSX.Element {
    const { trans } = this._parts;
    const times = [
      ['15min', trans.__('15 minutes')],
      ['1h', trans.__('hour')],
      ['1d', trans.__('day')]
    ];
    const command = (id: string, args: JSONObject) => give(this._parts, this._subject, id, args);
    return (
      <>
        <UseSignal signal={this._model.changed}>
          {() => (
            <div className="lnb-flow">
              <label className="lnb-pick">
                <span>{trans.__('Of the last')}</span>
                <select
                  value={this._model.last}
                  onChange={event => this._model.lookBack(event.target.value)}
                >
                  {times.map(([last, words]) => (
                    <option key={last} value={last}>
                      {words}
                    </option>
                  ))}
                </select>
              </label>
              <button className="lnb-act" onClick={() => void this._model.refresh()}>
                {trans.__('Refresh')}
              </button>
              <span className="lnb-dim" role="status">
                {this._model.events
                  ? trans._n('%1 event', '%1 events', this._model.events.length)
                  : ''}
              </span>
            </div>
          )}
        </UseSignal>
        <EventList
          model={this._model}
          trans={trans}
          load={payload => command(CommandIDs.invoke, { payload })}
          run={payload => command(CommandIDs.invoke, { payload, run: true })}
          openLog={request_id => command(CommandIDs.logs, { request_id })}
        />
      </>
    );
  }

  private _model: EventsModel;
}
