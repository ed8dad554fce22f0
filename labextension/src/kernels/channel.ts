import { CommsOverSubshells, Kernel, KernelMessage } from '@jupyterlab/services';
import { JSONObject } from '@lumino/coreutils';

import { PANEL } from '../protocol';

/** Where requests to lambda_nb in a kernel go out; nothing comes back here. */
export class Channel {
  /**
   * Open it in a shell of its own, which reads while a cell runs.
   *
   * `told` resolves when the kernel itself said that it has such shells: a page that is loaded while a
   * cell runs gets no `kernel.info` before the cell ends.
   */
  static async open(
    kernel: Kernel.IKernelConnection,
    page: string,
    told: Promise<void>,
    closed: (channel: Channel) => void
  ): Promise<Channel> {
    const subshells = await Promise.race([
      kernel.info.then(() => kernel.supportsSubshells),
      told.then(() => true)
    ]);
    const subshell = subshells ? await createSubshell(kernel) : null;
    return new Channel(kernel, page, subshell, closed);
  }

  private constructor(
    private readonly _kernel: Kernel.IKernelConnection,
    page: string,
    private readonly _subshell: string | null,
    closed: (channel: Channel) => void
  ) {
    this._comm = _kernel.createComm(PANEL);
    // It has its shell already; JupyterLab would make it another one.
    this._comm.commsOverSubshells = CommsOverSubshells.Disabled;
    this._comm.onClose = () => closed(this);
    this._send('comm_open', { target_name: PANEL, data: { page } });
  }

  /** Whether requests are read while a cell runs. */
  get isFree(): boolean {
    return this._subshell !== null;
  }

  send(data: JSONObject): void {
    this._send('comm_msg', { data });
  }

  /** The page has no use for it any more; the kernel lives on. */
  close(): void {
    if (this._kernel.isDisposed || this._kernel.status === 'dead') {
      return;
    }
    this._send('comm_close', { data: {} });
    this._comm.onClose = () => undefined;
    this._comm.dispose();
    if (this._subshell !== null && this._kernel.supportsSubshells) {
      this._kernel
        .requestDeleteSubshell({ subshell_id: this._subshell })
        .done.catch(() => undefined);
    }
  }

  private _send(msgType: 'comm_open' | 'comm_msg' | 'comm_close', content: JSONObject): void {
    const message = KernelMessage.createMessage({
      msgType,
      channel: 'shell',
      username: this._kernel.username,
      session: this._kernel.clientId,
      subshellId: this._subshell,
      content: { comm_id: this._comm.commId, ...content }
    } as KernelMessage.IOptions<KernelMessage.ICommMsgMsg<'shell'>>);
    // A restart cancels what was sent; the link hears of the restart itself.
    this._kernel.sendShellMessage(message).done.catch(() => undefined);
  }

  private readonly _comm: Kernel.IComm;
}

/** `requestCreateSubshell` refuses before `kernel.info` came; the control channel does not. */
async function createSubshell(kernel: Kernel.IKernelConnection): Promise<string> {
  const message = KernelMessage.createMessage<KernelMessage.ICreateSubshellRequestMsg>({
    msgType: 'create_subshell_request',
    channel: 'control',
    username: kernel.username,
    session: kernel.clientId,
    content: {}
  });
  const reply = await kernel.sendControlMessage(message, true).done;
  return (reply as KernelMessage.ICreateSubshellReplyMsg).content.subshell_id;
}
