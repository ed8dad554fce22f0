import { JupyterFrontEnd } from '@jupyterlab/application';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { IStateDB } from '@jupyterlab/statedb';
import { TranslationBundle } from '@jupyterlab/translation';
import { JSONObject } from '@lumino/coreutils';

import { IWorkbench } from '../tokens';
import type { Subject } from './subject';

/** The documents of a function: what is asked of it, what it wrote, what it does, what reached it. */
export type Kind = 'invoke' | 'logs' | 'function' | 'events';

/** What a document is told: its function, and what to do first. */
export interface IDocumentArgs {
  kind: Kind;
  path: string;
  name: string;
  qualifier?: string;
  /** Invoke: the payload to load. */
  payload?: string;
  /** Invoke: run at once. */
  run?: boolean;
  /** Logs: show the lines of this request. */
  request_id?: string;
}

/** What of JupyterLab the documents use. */
export interface IParts {
  app: JupyterFrontEnd;
  workbench: IWorkbench;
  trans: TranslationBundle;
  editors: IEditorServices;
  /** Where histories are kept; without it they last as long as the page. */
  state: IStateDB | null;
}

/** Give a command about the function of a document. */
export function give(parts: IParts, subject: Subject, id: string, args: JSONObject = {}): void {
  const { path, name } = subject;
  void parts.app.commands.execute(id, { path, name, ...args });
}
