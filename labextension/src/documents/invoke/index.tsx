import { Clipboard, Notification } from '@jupyterlab/apputils';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { Panel } from '@lumino/widgets';

import { CommandIDs } from '../../tokens';
import { EventsModel } from '../events/model';
import { EventList } from '../events/list';
import { History } from '../history';
import { give, IDocumentArgs, IParts } from '../parts';
import { Subject } from '../subject';
import { Controls } from './controls';
import { InvokeModel } from './model';
import { PayloadEditor } from './payload';
import { Result } from './result';
import { Runs } from './runs';

/** The payload editor of a function: run it, and see result, log and bill. */
export class InvokeView extends Panel {
  constructor(
    private _subject: Subject,
    private _parts: IParts
  ) {
    super();
    this.addClass('lnb-invoke');
    const { trans } = _parts;
    this._model = new InvokeModel(_subject, new History(_parts.state));
    this._events = new EventsModel(_subject);
    this._editor = new PayloadEditor(_parts, draft => this._loaded && this._model.set({ draft }));
    this._ready = this._model.ready.then(() => {
      this._editor.text = this._model.draft;
      this._loaded = true;
    });

    const ask = new Panel();
    ask.addClass('lnb-invoke-ask');
    ask.addWidget(
      this._react(() => (
        <Controls
          model={this._model}
          trans={trans}
          run={() => this._run()}
          format={() => this._editor.format()}
          load={payload => this._load(payload)}
          fail={fail}
          copy={form => void this._copy(form)}
        />
      ))
    );
    ask.addWidget(this._editor);
    this.addWidget(ask);
    const answer = this._react(() => (
      <Result run={this._model.shown} trans={trans} openLog={this._openLog} />
    ));
    answer.addClass('lnb-invoke-answer');
    this.addWidget(answer);
    const past = new Panel();
    past.addClass('lnb-invoke-past');
    past.addWidget(
      this._react(() => (
        <Runs model={this._model} trans={trans} load={payload => this._load(payload)} />
      ))
    );
    past.addWidget(this._arrived());
    this.addWidget(past);
    this.node.addEventListener('keydown', event => this._onKey(event), true);
  }

  follow(args: IDocumentArgs): void {
    void this._ready.then(async () => {
      if (args.qualifier !== undefined) {
        this._model.set({ qualifier: args.qualifier === '$LATEST' ? '' : args.qualifier });
      }
      if (args.payload !== undefined) {
        this._load(args.payload);
      } else if (args.run) {
        this._load(this._model.runs[0]?.payload ?? this._model.draft);
      }
      if (args.run) {
        this._run();
      }
    });
  }

  focus(): void {
    this._editor.focus();
  }

  dispose(): void {
    if (!this.isDisposed) {
      super.dispose();
      this._model.dispose();
      this._events.dispose();
    }
  }

  private _react(element: () => JSX.Element): ReactWidget {
    return ReactWidget.create(<UseSignal signal={this._model.changed}>{element}</UseSignal>);
  }

  /** The events that came in, for those who want to run one again. */
  private _arrived(): ReactWidget {
    const { trans } = this._parts;
    return ReactWidget.create(
      <details
        className="lnb-fold"
        onToggle={event => this._events.follow(event.currentTarget.open)}
      >
        <summary>{trans.__('Latest events')}</summary>
        <EventList
          model={this._events}
          trans={trans}
          load={payload => this._load(payload)}
          run={payload => {
            this._load(payload);
            this._run();
          }}
          openLog={this._openLog}
        />
      </details>
    );
  }

  private _run(): void {
    if (!this._model.runnable) {
      return; // the banner says why
    }
    if (this._editor.valid()) {
      void this._model.run(this._editor.text);
    }
  }

  private _load(payload: string): void {
    this._editor.load(payload);
    this._editor.focus();
  }

  private _onKey(event: KeyboardEvent): void {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey || event.shiftKey)) {
      event.preventDefault();
      event.stopPropagation();
      this._run();
    }
  }

  private _openLog = (request_id: string): void =>
    give(this._parts, this._subject, CommandIDs.logs, { request_id });

  private async _copy(form: 'boto3' | 'cli'): Promise<void> {
    const { trans } = this._parts;
    const { name } = this._subject;
    const payload = this._editor.text;
    try {
      const args = { name, form, what: 'invoke' as const, payload };
      Clipboard.copyToSystem(await this._subject.ask('copy_as', args));
      Notification.success(trans.__('Copied: a call of %1 with this payload.', name), {
        autoClose: 3000
      });
    } catch (reason) {
      fail(reason as Error);
    }
  }

  private _model: InvokeModel;
  private _events: EventsModel;
  private _editor: PayloadEditor;
  private _ready: Promise<void>;
  private _loaded = false;
}

function fail(error: Error): void {
  Notification.error(error.message, { autoClose: false });
}
