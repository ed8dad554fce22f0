import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import { Panel } from '@lumino/widgets';

import { CommandIDs } from '../../tokens';
import { History } from '../history';
import { give, IDocumentArgs, IParts } from '../parts';
import { Subject } from '../subject';
import { Charts } from './charts';
import { ActivityFeed, Invocation } from './feed';
import { Header } from './header';
import { Memory } from './memory';
import { InvocationTable } from './table';
import { Tiles } from './tiles';
import { Tuner } from './tuner';

/** A function's tab: what it is and what it does, live. */
export class ActivityView extends Panel {
  constructor(
    private _subject: Subject,
    private _parts: IParts
  ) {
    super();
    this.addClass('lnb-activity');
    const { trans } = _parts;
    this._feed = new ActivityFeed(_subject);
    this._tuner = new Tuner(_subject);
    const openLog = ({ request_id }: Invocation) =>
      give(_parts, _subject, CommandIDs.logs, { request_id });
    this._charts = new Charts(this._feed, trans, openLog);
    this.addWidget(
      this._react(() => (
        <>
          <Header subject={_subject} parts={_parts} feed={this._feed} />
          {this._feed.fault && <p className="lnb-mod-fault">{this._feed.fault}</p>}
          {this._feed.activity ? (
            <Tiles activity={this._feed.activity} trans={trans} />
          ) : (
            !this._feed.fault && (
              <p className="lnb-dim">{trans.__('Waiting for the first figures…')}</p>
            )
          )}
        </>
      ))
    );
    this.addWidget(this._charts);
    this.addWidget(
      this._react(() =>
        this._feed.activity ? (
          <>
            <Memory
              activity={this._feed.activity}
              subject={_subject}
              tuner={this._tuner}
              payload={this._payload}
              trans={trans}
            />
            <InvocationTable activity={this._feed.activity} trans={trans} open={openLog} />
          </>
        ) : (
          <></>
        )
      )
    );
    document.addEventListener('visibilitychange', this._look);
  }

  follow(_: IDocumentArgs): void {
    void new History(this._parts.state)
      .load(this._subject.path, this._subject.name)
      .then(kept => (this._payload = kept.runs[0]?.payload ?? '{}'));
  }

  focus(): void {
    this._charts.node.focus({ preventScroll: true });
  }

  dispose(): void {
    if (!this.isDisposed) {
      document.removeEventListener('visibilitychange', this._look);
      super.dispose();
      this._feed.dispose();
    }
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._look();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.follow({ kind: 'function', path: this._subject.path, name: this._subject.name });
    this._look();
  }

  protected onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._look();
  }

  protected onBeforeDetach(message: Message): void {
    this._feed.look(false);
    this._charts.look(false);
    super.onBeforeDetach(message);
  }

  /** Ask and draw only while somebody sees it. */
  private _look = (): void => {
    const on = this.isVisible && !document.hidden;
    this._feed.look(on);
    this._charts.look(on);
  };

  private _react(element: () => JSX.Element): ReactWidget {
    return ReactWidget.create(
      <UseSignal signal={this._feed.changed}>
        {() => (
          <UseSignal signal={this._subject.changed}>
            {() => <UseSignal signal={this._tuner.changed}>{element}</UseSignal>}
          </UseSignal>
        )}
      </UseSignal>
    );
  }

  private _feed: ActivityFeed;
  private _tuner: Tuner;
  private _charts: Charts;
  private _payload = '{}';
}
