import { JSONObject, UUID } from '@lumino/coreutils';
import { DisposableDelegate, IDisposable } from '@lumino/disposable';

import { IMessage } from '../protocol';
import { ActionError } from '../tokens';
import { Channel } from './channel';

/** A page that watches says this often that it is there. */
const ALIVE_MS = 30_000;

type Pushed = (value: unknown) => void;

interface IAsked {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
  pushed: Pushed;
}

interface IWatch {
  action: 'watch_logs' | 'watch_activity';
  args: JSONObject;
  pushed: Pushed;
  failed: (error: Error) => void;
  /** Of its request; 0 while the kernel does not know of it. */
  id: number;
}

/** What one page asked a kernel and waits for, and what it watches from kernel to kernel. */
export class Requests {
  /** There is a channel, and lambda_nb at its other end: what is watched begins. */
  begin(channel: Channel): void {
    this._channel = channel;
    this._watches.forEach(watch => this._begin(watch, channel));
  }

  /** The kernel can answer no more; what is watched waits for the next. */
  end(error: ActionError): void {
    this._channel = null;
    const asked = [...this._asked.values()];
    this._asked.clear();
    asked.forEach(one => one.reject(error));
    this._watches.forEach(watch => (watch.id = 0));
  }

  ask(channel: Channel, action: string, args: JSONObject, pushed: Pushed): Promise<unknown> {
    return this._send(channel, ++this._lastId, action, args, pushed);
  }

  watch(watch: Omit<IWatch, 'id'>): IDisposable {
    const kept = { ...watch, id: 0 };
    this._watches.add(kept);
    if (this._beat === 0) {
      this._beat = window.setInterval(() => this._tell('alive', {}), ALIVE_MS);
    }
    if (this._channel) {
      this._begin(kept, this._channel);
    }
    return new DisposableDelegate(() => {
      this._watches.delete(kept);
      this._asked.delete(kept.id);
      if (kept.id) {
        this._tell('stop', { id: kept.id });
      }
      this._restIfIdle();
    });
  }

  /** Take a message that is for this page. */
  receive(message: IMessage): void {
    if (message.kind === 'push' && message.page === this._page) {
      this._asked.get(message.id)?.pushed(message.value);
    } else if (message.kind === 'reply' && message.page === this._page) {
      const asked = this._asked.get(message.id);
      this._asked.delete(message.id);
      if ('error' in message) {
        asked?.reject(new ActionError(message.error.type, message.error.message));
      } else {
        asked?.resolve(message.value);
      }
    }
  }

  /** The name of this page among those of the kernel. */
  get page(): string {
    return this._page;
  }

  dispose(): void {
    this._watches.clear();
    this._restIfIdle();
  }

  private _begin(watch: IWatch, channel: Channel): void {
    watch.id = ++this._lastId;
    this._send(channel, watch.id, watch.action, watch.args, watch.pushed).catch((error: Error) => {
      if (!(error instanceof ActionError && error.type === 'NoKernel')) {
        watch.failed(error);
      }
    });
  }

  private _send(
    channel: Channel,
    id: number,
    action: string,
    args: JSONObject,
    pushed: Pushed
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this._asked.set(id, { resolve, reject, pushed });
      channel.send({ id, page: this._page, action, args });
    });
  }

  /** Tell the kernel something whose answer does not matter. */
  private _tell(action: string, args: JSONObject): void {
    if (this._channel) {
      this.ask(this._channel, action, args, () => undefined).catch(() => undefined);
    }
  }

  private _restIfIdle(): void {
    if (this._watches.size === 0) {
      window.clearInterval(this._beat);
      this._beat = 0;
    }
  }

  private readonly _page = UUID.uuid4();
  private _channel: Channel | null = null;
  private _asked = new Map<number, IAsked>();
  private _watches = new Set<IWatch>();
  private _lastId = 0;
  private _beat = 0;
}
