import { ISessionContext } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { Kernel, KernelMessage } from '@jupyterlab/services';
import { JSONObject, PromiseDelegate } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Action, EVENTS, IActions, IMessage, IPicture } from '../protocol';
import { ActionError, IKernelLink, LinkStatus } from '../tokens';
import { Channel } from './channel';
import { Requests } from './requests';

const NOT_LOADED = 'The kernel has not loaded lambda_nb. Run `%load_ext lambda_nb` in a cell.';

/**
 * The connection to the kernel of one notebook; it follows the notebook from kernel to kernel.
 *
 * It works once both ends are there: the kernel said hello (`_session`), and the page's channel is
 * open. Each may come first: the page loads after lambda_nb, or lambda_nb after the page.
 */
export class KernelLink implements IKernelLink, IDisposable {
  constructor(readonly context: ISessionContext) {
    context.kernelChanged.connect(this._onKernel, this);
    context.statusChanged.connect(this._onStatus, this);
    context.connectionStatusChanged.connect(this._onConnection, this);
    context.propertyChanged.connect(this._emit, this);
    context.sessionChanged.connect(this._emit, this);
    this._connect(context.session?.kernel ?? null);
  }

  get path(): string {
    return this.context.path;
  }

  get title(): string {
    return PathExt.basename(this.path, PathExt.extname(this.path));
  }

  get picture(): IPicture | null {
    return this._picture;
  }

  get changed(): ISignal<IKernelLink, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Whether a cell runs. The status that JupyterLab keeps turns idle with each comm message that a
   * subshell has read, also while a cell runs.
   */
  get isBusy(): boolean {
    return this._isRunning || !this._hasAnswered;
  }

  get status(): LinkStatus {
    switch (this.context.kernelDisplayStatus) {
      case 'restarting':
      case 'autorestarting':
      case 'starting':
      case 'initializing':
        return 'restarting';
      case 'dead':
      case 'terminating':
        return 'dead';
    }
    if (!this._kernel) {
      return 'dead';
    }
    if (!this._session) {
      return 'absent';
    }
    const waits = !this._channel || (!this._channel.isFree && this.isBusy);
    return waits ? 'waiting' : 'here';
  }

  get isLoaded(): boolean {
    const { status } = this;
    return status === 'here' || status === 'waiting';
  }

  ask<A extends Action>(action: A, args: IActions[A][0]): Promise<IActions[A][1]> {
    return this.askFor(action, args, () => undefined);
  }

  async askFor<A extends Action, T>(
    action: A,
    args: IActions[A][0],
    pushed: (value: T) => void
  ): Promise<IActions[A][1]> {
    if (!this._kernel) {
      throw new ActionError('NoKernel', 'The notebook has no kernel.');
    }
    if (!this._channel && !this._opening) {
      throw new ActionError('NoKernel', NOT_LOADED);
    }
    const channel = await this._ready.promise;
    return this._requests.ask(channel, action, args as JSONObject, value =>
      pushed(value as T)
    ) as Promise<IActions[A][1]>;
  }

  watch<T>(
    action: 'watch_logs' | 'watch_activity',
    args: { name: string; last?: string; window_s?: number },
    pushed: (value: T) => void,
    failed: (error: Error) => void
  ): IDisposable {
    return this._requests.watch({
      action,
      args: args as JSONObject,
      pushed: value => pushed(value as T),
      failed
    });
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._leave();
    this._lose('The notebook was closed.', true);
    this._requests.dispose();
    Signal.clearData(this);
  }

  private _onKernel(): void {
    this._connect(this.context.session?.kernel ?? null);
  }

  private _onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting' || status === 'dead') {
      this._lose('The kernel has ended.');
      this._wasRestarted = true;
      this._isRunning = false;
    } else if (status === 'idle' && this._wasRestarted && this._kernel) {
      // A start-up file may have loaded lambda_nb before this page could hear its hello.
      this._wasRestarted = false;
      this._open(this._kernel);
    }
    this._emit();
  }

  /** After a lost connection to the server, news may be missing: begin afresh. */
  private _onConnection(_: ISessionContext, status: Kernel.ConnectionStatus): void {
    if (status !== 'connected') {
      this._wasCut = this._session !== '';
    } else if (this._wasCut && this._kernel) {
      this._wasCut = false;
      this._lose('The connection to the server was lost.', true);
      this._open(this._kernel);
    }
    this._emit();
  }

  private _connect(kernel: Kernel.IKernelConnection | null): void {
    this._leave();
    this._lose('The notebook has another kernel.', true);
    this._kernel = kernel;
    this._picture = null;
    this._isRunning = this._hasAnswered = false;
    if (kernel) {
      kernel.registerCommTarget(EVENTS, this._listen);
      kernel.iopubMessage.connect(this._onPublished, this);
      this._open(kernel);
      // The shell of the cells answers this, so not while a cell runs.
      kernel.info.then(
        () => {
          if (this._kernel === kernel) {
            this._hasAnswered = true;
            this._emit();
          }
        },
        () => undefined
      );
    }
    this._emit();
  }

  private _leave(): void {
    this._kernel?.removeCommTarget(EVENTS, this._listen);
    this._kernel?.iopubMessage.disconnect(this._onPublished, this);
  }

  private _onPublished(_: unknown, message: KernelMessage.IIOPubMessage): void {
    if (
      KernelMessage.isStatusMsg(message) &&
      (message.parent_header as Partial<KernelMessage.IHeader>).msg_type === 'execute_request'
    ) {
      const isRunning = message.content.execution_state === 'busy';
      if (isRunning !== this._isRunning) {
        this._isRunning = isRunning;
        this._emit();
      }
    }
  }

  /** Open the channel; a kernel without lambda_nb closes it at once, which is no error. */
  private _open(kernel: Kernel.IKernelConnection): void {
    if (this._opening || this._channel || this._isDisposed) {
      return;
    }
    const attempt = (this._opening = {});
    Channel.open(kernel, this._requests.page, this._told.promise, channel =>
      this._onClosed(channel)
    ).then(
      channel => {
        if (this._opening !== attempt) {
          channel.close();
          return;
        }
        this._opening = null;
        this._channel = channel;
        this._settle();
      },
      () => {
        // A kernel that restarts cancels what was asked of it; its next status starts afresh.
        if (this._opening === attempt) {
          this._opening = null;
        }
      }
    );
  }

  /** The kernel closed the channel: lambda_nb is not loaded there, or was unloaded. */
  private _onClosed(channel: Channel): void {
    if (this._channel === channel) {
      this._lose(NOT_LOADED);
      this._picture = null;
      this._emit();
    }
  }

  private _listen = (comm: Kernel.IComm, open: KernelMessage.ICommOpenMsg): void => {
    comm.onMsg = message => this._receive(message.content.data as unknown as IMessage);
    // JupyterLab makes a shell for it; a restart cancels that, which is no error.
    (comm as { subshellStarted?: Promise<void> }).subshellStarted?.catch(() => undefined);
    this._receive(open.content.data as unknown as IMessage);
  };

  private _receive(message: IMessage): void {
    switch (message.kind) {
      case 'hello':
        this._greet(message.session);
        if (message.subshells) {
          this._told.resolve();
        }
        break;
      case 'picture':
        this._greet(message.session);
        this._picture = message.picture;
        this._emit();
        break;
      case 'bye':
        if (message.session === this._session) {
          this._lose(NOT_LOADED, true);
          this._picture = null;
          this._emit();
        }
        break;
      default:
        this._requests.receive(message);
    }
  }

  /** The kernel told which load of lambda_nb it is; a new one knows nothing of what was asked. */
  private _greet(session: string): void {
    if (session !== this._session) {
      if (this._session) {
        this._lose('lambda_nb was loaded again.', true);
      }
      this._session = session;
      this._picture = null;
      this._emit();
    }
    if (this._kernel) {
      this._open(this._kernel);
    }
    this._settle();
  }

  /** Both ends are there: send what waits. */
  private _settle(): void {
    const channel = this._channel;
    if (this._isReady || !channel || !this._session) {
      return;
    }
    this._isReady = true;
    this._ready.resolve(channel);
    this._requests.begin(channel);
    this._emit();
  }

  /** The kernel cannot answer any more. `close`: it lives, and should know. */
  private _lose(why: string, close = false): void {
    if (close) {
      this._channel?.close();
    }
    this._session = '';
    this._channel = null;
    this._opening = null;
    this._isReady = false;
    this._told = new PromiseDelegate();
    const error = new ActionError('NoKernel', why);
    this._ready.promise.catch(() => undefined);
    this._ready.reject(error);
    this._ready = new PromiseDelegate();
    this._requests.end(error);
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private readonly _requests = new Requests();
  private _kernel: Kernel.IKernelConnection | null = null;
  private _opening: object | null = null;
  private _channel: Channel | null = null;
  private _told = new PromiseDelegate<void>();
  private _session = '';
  private _isReady = false;
  private _ready = new PromiseDelegate<Channel>();
  private _picture: IPicture | null = null;
  private _isRunning = false;
  private _hasAnswered = false;
  private _wasCut = false;
  private _wasRestarted = false;
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}
