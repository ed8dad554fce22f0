import { Kernel, KernelMessage } from '@jupyterlab/services';
import { ISessionContext } from '@jupyterlab/apputils';
import { JSONObject } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

/**
 * One function as the kernel reports it. `last` describes the most recent invocation made from the
 * notebook: `duration_ms` is the handler's time, `start` is cold, warm or provisioned.
 */
export interface IFunction {
  name: string;
  runtime: string;
  memory_mb: number;
  timeout_s: number;
  state: string;
  update: string;
  invocations: number;
  errors: number;
  throttles: number;
  last: { status: string; duration_ms: number | null; start: string } | null;
}

/** What the kernel pushes whenever it changes. `endpoint` is where the notebook's functions live. */
export interface ISnapshot {
  endpoint: string;
  region: string;
  functions: IFunction[];
  error: string;
}

/** From the kernel to the page: opened by the kernel, one for each page. */
const EVENTS = 'lambda_nb.events';
/** From the page to the kernel: opened by the page. The kernel never sends on it (facts: two comms
 *  keep a page's messages answered in a subshell while a cell is busy). */
const PANEL = 'lambda_nb.panel';

/** Follows the kernel of one notebook at a time and keeps the last picture it sent. */
export class FunctionsState implements IDisposable {
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The last picture, or null while the kernel has not loaded lambda_nb. */
  get snapshot(): ISnapshot | null {
    return this._snapshot;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  find(name: string): IFunction | undefined {
    return this._snapshot?.functions.find(one => one.name === name);
  }

  /** Follow another notebook (null: none is open). */
  follow(context: ISessionContext | null): void {
    if (context === this._context) {
      return;
    }
    this._context?.kernelChanged.disconnect(this._onKernel, this);
    this._context?.statusChanged.disconnect(this._onStatus, this);
    this._context = context;
    context?.kernelChanged.connect(this._onKernel, this);
    context?.statusChanged.connect(this._onStatus, this);
    this._connect(context?.session?.kernel ?? null);
  }

  /** Ask the kernel for a new picture. */
  refresh(): void {
    this._panel?.send({ action: 'refresh' });
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.follow(null);
    Signal.clearData(this);
  }

  private _onKernel(): void {
    this._connect(this._context?.session?.kernel ?? null);
  }

  private _onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting' || status === 'dead') {
      this._panel = null;
      this._show(null);
    }
  }

  private _connect(kernel: Kernel.IKernelConnection | null): void {
    this._kernel?.removeCommTarget(EVENTS, this._listen);
    this._kernel = kernel;
    this._panel = null;
    this._show(null);
    kernel?.registerCommTarget(EVENTS, this._listen);
    if (kernel) {
      void this._openPanel(kernel);
    }
  }

  /** Open the page's own comm; a kernel without lambda_nb closes it at once, which is no error. */
  private async _openPanel(kernel: Kernel.IKernelConnection): Promise<void> {
    try {
      await kernel.info;
      if (this._kernel !== kernel || kernel.isDisposed) {
        return;
      }
      const comm = kernel.createComm(PANEL);
      comm.onClose = () => {
        if (this._panel === comm) {
          this._panel = null;
        }
      };
      const opened = comm as Kernel.IComm & { subshellStarted?: Promise<void> };
      await opened.subshellStarted;
      comm.open({ action: 'refresh' });
      this._panel = comm;
    } catch (reason) {
      // A kernel that restarts cancels what was asked of it; _onStatus and _onKernel start afresh.
      console.debug('lambda_nb: no panel channel to this kernel', reason);
    }
  }

  private _listen = (comm: Kernel.IComm, open: KernelMessage.ICommOpenMsg): void => {
    comm.onMsg = message => this._receive(message.content.data as JSONObject);
    this._receive(open.content.data as JSONObject);
    if (this._kernel && (this._panel === null || this._panel.isDisposed)) {
      void this._openPanel(this._kernel);
    }
  };

  private _receive(data: JSONObject): void {
    if (Array.isArray(data.functions)) {
      this._show(data as unknown as ISnapshot);
    }
  }

  private _show(snapshot: ISnapshot | null): void {
    this._snapshot = snapshot;
    this._changed.emit();
  }

  private _context: ISessionContext | null = null;
  private _kernel: Kernel.IKernelConnection | null = null;
  private _panel: Kernel.IComm | null = null;
  private _snapshot: ISnapshot | null = null;
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}
