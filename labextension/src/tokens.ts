import { ISessionContext } from '@jupyterlab/apputils';
import { Token } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { ISignal } from '@lumino/signaling';

import { Action, IActions, IPicture } from './protocol';

/**
 * How a notebook stands to lambda_nb: `absent`: its kernel has not loaded the extension. `here`: it
 * answers. `waiting`: the kernel is busy and too old to answer meanwhile. `restarting`, `dead`.
 */
export type LinkStatus = 'absent' | 'here' | 'waiting' | 'restarting' | 'dead';

/** The connection of this page to the kernel of one notebook. It outlives kernels. */
export interface IKernelLink {
  /** The notebook's path: its name here and after a reload. */
  readonly path: string;
  /** The notebook's file name without its ending. */
  readonly title: string;
  readonly context: ISessionContext;
  readonly status: LinkStatus;
  /** Whether lambda_nb is there, `here` or `waiting`. */
  readonly isLoaded: boolean;
  /** Whether a cell runs, as far as this page can know. */
  readonly isBusy: boolean;
  /** The last picture; null before the first. After a restart it goes when the kernel says hello. */
  readonly picture: IPicture | null;
  readonly changed: ISignal<IKernelLink, void>;
  /** Ask the kernel. Rejects with an `ActionError`, also when the kernel goes. */
  ask<A extends Action>(action: A, args: IActions[A][0]): Promise<IActions[A][1]>;
  /**
   * Ask for what goes on; `pushed` gets each news. A watch begins again by itself when the kernel
   * answers again after a restart. Disposing of the result ends it. `failed` gets refusals.
   */
  watch<T>(
    action: 'watch_logs' | 'watch_activity',
    args: { name: string; last?: string; window_s?: number },
    pushed: (value: T) => void,
    failed: (error: Error) => void
  ): IDisposable;
  /** As `ask`, with news meanwhile. */
  askFor<A extends Action, T>(
    action: A,
    args: IActions[A][0],
    pushed: (value: T) => void
  ): Promise<IActions[A][1]>;
}

/** Why an action was not carried out, in the kernel's words; `type` is AWS's code, if there is one. */
export class ActionError extends Error {
  constructor(
    readonly type: string,
    message: string
  ) {
    super(message);
  }
}

/** All notebooks of this page and their functions. */
export interface IWorkbench {
  /** Open notebooks, that of the current tab first. */
  readonly links: readonly IKernelLink[];
  /** The current notebook's, or null. */
  readonly current: IKernelLink | null;
  /** A link changed, came or went. */
  readonly changed: ISignal<IWorkbench, void>;
  /** The link of a notebook's path. */
  find(path: string): IKernelLink | undefined;
}

export const IWorkbench = new Token<IWorkbench>(
  'lambda-nb:IWorkbench',
  'The notebooks of this page and their Lambda functions.'
);

/** Commands of all parts. Arguments: `{path, name, qualifier?}`; both may be left out in the palette. */
export namespace CommandIDs {
  export const openPanel = 'lambda-nb:open-panel';
  export const refresh = 'lambda-nb:refresh';
  export const invoke = 'lambda-nb:invoke';
  export const logs = 'lambda-nb:logs';
  export const openFunction = 'lambda-nb:open-function';
  export const events = 'lambda-nb:events';
  export const settings = 'lambda-nb:settings';
  export const publish = 'lambda-nb:publish';
  export const alias = 'lambda-nb:alias';
  export const remove = 'lambda-nb:delete';
  export const openUrl = 'lambda-nb:open-url';
  export const peek = 'lambda-nb:peek';
  export const redrive = 'lambda-nb:redrive';
  export const goToCell = 'lambda-nb:go-to-cell';
  export const copyAs = 'lambda-nb:copy-as';
  export const deployAndInvoke = 'lambda-nb:deploy-and-invoke';
  export const debug = 'lambda-nb:debug';
}

/** What commands about a function take. */
export interface IFunctionArgs {
  path?: string;
  name?: string;
  qualifier?: string;
}
