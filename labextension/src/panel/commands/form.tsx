import { Dialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { ReactElement } from 'react';

/** What a form's component gets. */
export interface IFormProps<V> {
  /** Say how to read the form: its value, or null after marking what is wrong. */
  onRead: (read: () => V | null) => void;
}

interface IFormOptions<V, R> {
  title: string;
  ok: string;
  form: (props: IFormProps<V>) => ReactElement;
  submit: (value: V) => Promise<R>;
  trans: TranslationBundle;
}

/** Show a form until it was carried out or given up; a refusal is shown in it and nothing is lost. */
export async function openForm<V, R>(options: IFormOptions<V, R>): Promise<R | null> {
  const dialog = new FormDialog(options);
  await dialog.launch();
  return dialog.result;
}

class FormBody<V> extends ReactWidget {
  constructor(private readonly _form: (props: IFormProps<V>) => ReactElement) {
    super();
  }

  read: () => V | null = () => null;

  tell(refusal: string): void {
    this._refusal = refusal;
    this.update();
  }

  protected render() {
    const Form = this._form;
    return (
      <>
        <Form onRead={this._onRead} />
        <div role="alert" className="lnb-refusal">
          {this._refusal}
        </div>
      </>
    );
  }

  private _onRead = (read: () => V | null) => {
    this.read = read;
  };

  private _refusal = '';
}

/** A dialog whose button only closes it when what it does has worked. */
class FormDialog<V, R> extends Dialog<unknown> {
  constructor(private readonly _options: IFormOptions<V, R>) {
    const body = new FormBody<V>(_options.form);
    super({
      title: _options.title,
      body,
      buttons: [
        Dialog.cancelButton({ label: _options.trans.__('Cancel') }),
        Dialog.okButton({ label: _options.ok })
      ],
      focusNodeSelector: '.lnb-form input, .lnb-form select'
    });
    this.addClass('lnb-dialog');
    this._form = body;
  }

  result: R | null = null;

  resolve(index?: number): void {
    if (index === 0) {
      super.resolve(0);
    } else {
      void this._submit();
    }
  }

  /** A click beside the dialog must not throw away what was typed. */
  handleEvent(event: Event): void {
    if (event.type === 'click' && event.target === this.node) {
      event.stopPropagation();
      return;
    }
    super.handleEvent(event);
  }

  private async _submit(): Promise<void> {
    const value = this._isBusy ? null : this._form.read();
    if (value === null) {
      return;
    }
    this._setBusy(true);
    this._form.tell('');
    try {
      this.result = await this._options.submit(value);
    } catch (error) {
      this._form.tell((error as Error).message);
      return;
    } finally {
      this._setBusy(false);
    }
    super.resolve(1);
  }

  private _setBusy(isBusy: boolean): void {
    this._isBusy = isBusy;
    this.node.setAttribute('aria-busy', String(isBusy));
    const button = this.node.querySelector<HTMLButtonElement>('.jp-mod-accept:not(.jp-mod-reject)');
    if (button) {
      button.disabled = isBusy;
    }
  }

  private readonly _form: FormBody<V>;
  private _isBusy = false;
}
