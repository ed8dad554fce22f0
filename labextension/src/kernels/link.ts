import { ISessionContext } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { Kernel, KernelMessage } from '@jupyterlab/services';
import { JSONObject, PromiseDelegate, UUID } from '@lumino/coreutils';
import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Action, EVENTS, IActions, IMessage, IPicture, PANEL } from '../protocol';
import { ActionError, IKernelLink, LinkStatus } from '../tokens';

/** This page among those of a kernel. */
const PAGE = UUID.uuid4();

interface IAsked {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
  pushed?: (value: unknown) => void;
}

interface IWatch {
  action: 'watch_logs' | 'watch_activity';
  args: JSONObject;
  pushed: (value: unknown) => void;
  failed: (error: Error) => void;
  id: number;
}

/** The connection to the kernel of one notebook; it follows the notebook from kernel to kernel. */
export class KernelLink implements IKernelLink, IDisposable {
  constructor(readonly context: ISessionContext) {
    context.kernelChanged.connect(this._onKernel, this);
    context.statusChanged.connect(this._onStatus, this);
    context.propertyChanged.connect(this._emit, this);
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

  get status(): LinkStatus {
    const kernel = this._kernel?.status;
    if (!this._kernel || kernel === 'dead') {
      return 'dead';
    }
    if (kernel === 'restarting' || kernel === 'autorestarting' || kernel === 'starting') {
      return 'restarting';
    }
    if (!this._session) {
      return 'absent';
    }
    const answers = this._panel !== null && this._kernel.supportsSubshells;
    return kernel === 'busy' && !answers ? 'waiting' : 'here';
  }

  async ask<A extends Action>(action: A, args: IActions[A][0]): Promise<IActions[A][1]> {
    return this.askFor(action, args, () => undefined);
  }

  async askFor<A extends Action, T>(
    action: A,
    args: IActions[A][0],
    pushed: (value: T) => void
  ): Promise<IActions[A][1]> {
    const panel = await this._channel.promise;
    return this._send(panel, ++this._lastId, action, args as JSONObject, value =>
      pushed(value as T)
    ) as Promise<IActions[A][1]>;
  }

  watch<T>(
    action: 'watch_logs' | 'watch_activity',
    args: { name: string; last?: string; window_s?: number },
    pushed: (value: T) => void,
    failed: (error: Error) => void
  ): IDisposable {
    const watch: IWatch = {
      action,
      args: args as JSONObject,
      pushed: value => pushed(value as T),
      failed,
      id: 0
    };
    this._watches.add(watch);
    if (this._panel) {
      this._begin(watch, this._panel);
    }
    return new DisposableDelegate(() => {
      this._watches.delete(watch);
      this._asked.delete(watch.id);
      if (this._panel && watch.id) {
        void this.ask('stop', { id: watch.id }).catch(() => undefined);
      }
    });
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._connect(null);
    this._watches.clear();
    Signal.clearData(this);
  }

  private _onKernel(): void {
    this._connect(this.context.session?.kernel ?? null);
  }

  private _onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting' || status === 'dead') {
      this._session = '';
      this._lose('the kernel has ended');
    }
    this._emit();
  }

  private _connect(kernel: Kernel.IKernelConnection | null): void {
    this._kernel?.removeCommTarget(EVENTS, this._listen);
    this._kernel = kernel;
    this._session = '';
    this._picture = null;
    this._lose('the notebook has another kernel');
    kernel?.registerCommTarget(EVENTS, this._listen);
    if (kernel) {
      void this._open(kernel);
    }
    this._emit();
  }

  /** Open the page's own comm; a kernel without lambda_nb closes it at once, which is no error. */
  private async _open(kernel: Kernel.IKernelConnection): Promise<void> {
    try {
      await kernel.info;
      if (this._kernel !== kernel || kernel.isDisposed || this._panel) {
        return;
      }
      const comm = kernel.createComm(PANEL);
      this._panel = comm;
      comm.onClose = () => {
        if (this._panel === comm) {
          this._lose('the notebook has not loaded lambda_nb');
          this._emit();
        }
      };
      const opened = comm as Kernel.IComm & { subshellStarted?: Promise<void> };
      if (kernel.supportsSubshells) {
        await opened.subshellStarted;
      }
      comm.open({ page: PAGE });
    } catch (reason) {
      // A kernel that restarts cancels what was asked of it; _onStatus and _onKernel start afresh.
      this._panel = null;
      console.debug('lambda_nb: no channel to this kernel', reason);
    }
  }

  private _listen = (comm: Kernel.IComm, open: KernelMessage.ICommOpenMsg): void => {
    comm.onMsg = message => this._receive(message.content.data as unknown as IMessage);
    this._receive(open.content.data as unknown as IMessage);
  };

  private _receive(message: IMessage): void {
    switch (message.kind) {
      case 'hello':
      case 'picture':
        this._greet(message.session);
        if (message.kind === 'picture') {
          this._picture = message.picture;
        }
        this._emit();
        break;
      case 'reply': {
        const asked = message.page === PAGE ? this._asked.get(message.id) : undefined;
        if (!asked) {
          break;
        }
        if ('error' in message) {
          this._asked.delete(message.id);
          asked.reject(new ActionError(message.error.type, message.error.message));
        } else {
          if (![...this._watches].some(watch => watch.id === message.id)) {
            this._asked.delete(message.id);
          }
          asked.resolve(message.value);
        }
        break;
      }
      case 'push':
        if (message.page === PAGE) {
          this._asked.get(message.id)?.pushed?.(message.value);
        }
    }
  }

  /** The kernel told which load of lambda_nb it is; a new one knows nothing of what was asked. */
  private _greet(session: string): void {
    if (session === this._session) {
      return;
    }
    const before = this._session;
    this._session = session;
    if (before) {
      this._lose('lambda_nb was loaded again');
    }
    if (!this._kernel) {
      return;
    }
    if (this._panel) {
      this._ready(this._panel);
    } else {
      void this._open(this._kernel).then(() => this._panel && this._ready(this._panel));
    }
  }

  private _ready(panel: Kernel.IComm): void {
    this._channel.resolve(panel);
    this._watches.forEach(watch => this._begin(watch, panel));
    this._emit();
  }

  /** The kernel cannot answer any more. */
  private _lose(why: string): void {
    this._panel = null;
    const asked = [...this._asked.values()];
    this._asked.clear();
    this._channel.promise.catch(() => undefined);
    this._channel.reject(new ActionError('NoKernel', why));
    this._channel = new PromiseDelegate();
    asked.forEach(one => one.reject(new ActionError('NoKernel', why)));
    this._watches.forEach(watch => (watch.id = 0));
  }

  private _begin(watch: IWatch, panel: Kernel.IComm): void {
    watch.id = ++this._lastId;
    this._send(panel, watch.id, watch.action, watch.args, watch.pushed).catch((error: Error) => {
      if (!(error instanceof ActionError && error.type === 'NoKernel')) {
        watch.failed(error);
      }
    });
  }

  private _send(
    panel: Kernel.IComm,
    id: number,
    action: string,
    args: JSONObject,
    pushed: (value: unknown) => void
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this._asked.set(id, { resolve, reject, pushed });
      panel.send({ id, page: PAGE, action, args });
    });
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _kernel: Kernel.IKernelConnection | null = null;
  private _panel: Kernel.IComm | null = null;
  private _channel = new PromiseDelegate<Kernel.IComm>();
  private _asked = new Map<number, IAsked>();
  private _watches = new Set<IWatch>();
  private _lastId = 0;
  private _session = '';
  private _picture: IPicture | null = null;
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}
