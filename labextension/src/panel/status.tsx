import { ReactWidget } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';

import { IWorkbench } from '../tokens';
import { placeWords } from './words';

/** The status bar's item: functions and running environments of the current notebook. */
export class StatusItem extends ReactWidget {
  constructor(
    private readonly _workbench: IWorkbench,
    private readonly _trans: TranslationBundle,
    private readonly _openPanel: () => void
  ) {
    super();
    this.addClass('lnb-status');
    _workbench.changed.connect(() => this.update());
  }

  /** Whether there is something to tell. */
  isActive = (): boolean => {
    const link = this._workbench.current;
    return Boolean(link?.isLoaded && link.picture);
  };

  protected render() {
    const picture = this._workbench.current?.picture;
    if (!this.isActive() || !picture) {
      return <></>;
    }
    const trans = this._trans;
    const running = picture.functions.reduce(
      (sum, one) => sum + (one.environments?.running ?? 0),
      0
    );
    const words = picture.lost
      ? trans.__('the engine ended')
      : picture.error
        ? trans.__('no answer')
        : [
            trans._n('%1 function', '%1 functions', picture.functions.length),
            running > 0 ? trans.__('%1 running', running) : ''
          ]
            .filter(Boolean)
            .join(' · ');
    const isBad = picture.lost || picture.error !== '';
    return (
      <button
        type="button"
        className={isBad ? 'lnb-status-bad' : ''}
        title={[placeWords(trans, picture), picture.error, trans.__('Open the Lambda panel')]
          .filter(Boolean)
          .join('\n')}
        onClick={this._openPanel}
      >
        λ {words}
      </button>
    );
  }
}
