import { Message } from '@lumino/messaging';
import { Panel, Widget } from '@lumino/widgets';

import { ActivityView } from './activity';
import { Banner } from './banner';
import { EventsView } from './events';
import { InvokeView } from './invoke';
import { LogsView } from './logs';
import { IDocumentArgs, IParts } from './parts';
import { Subject } from './subject';

/** The content of a document: what it shows, and what it does when its command is given again. */
export interface IView extends Widget {
  /** Do what the command's arguments say. */
  follow(args: IDocumentArgs): void;
  /** Where the keyboard goes when the document is activated. */
  focus(): void;
}

/** A document of one function: a line about what stands in the way, and its view. */
export class FunctionDocument extends Panel {
  constructor(
    readonly args: IDocumentArgs,
    parts: IParts
  ) {
    super();
    this.addClass('lnb-document');
    this.subject = new Subject(parts.workbench, args.path, args.name);
    this._view = view(args, this.subject, parts);
    this._view.addClass('lnb-document-view');
    this.addWidget(new Banner(this.subject, parts));
    this.addWidget(this._view);
    this._view.follow(args);
  }

  readonly subject: Subject;

  follow(args: IDocumentArgs): void {
    this._view.follow(args);
  }

  dispose(): void {
    if (!this.isDisposed) {
      super.dispose();
      this.subject.dispose();
    }
  }

  protected onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this._view.focus();
  }

  private _view: IView;
}

function view(args: IDocumentArgs, subject: Subject, parts: IParts): IView {
  switch (args.kind) {
    case 'invoke':
      return new InvokeView(subject, parts);
    case 'logs':
      return new LogsView(subject, parts);
    case 'events':
      return new EventsView(subject, parts);
    case 'function':
      return new ActivityView(subject, parts);
  }
}
