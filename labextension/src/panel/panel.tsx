import { JupyterFrontEnd } from '@jupyterlab/application';
import { TranslationBundle } from '@jupyterlab/translation';
import {
  collapseAllIcon,
  expandAllIcon,
  LabIcon,
  ReactWidget,
  refreshIcon
} from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';

import { lambdaIcon } from '../shared/icons';
import { CommandIDs } from '../tokens';
import * as ids from './commands/ids';
import { PanelState } from './state';
import { Tree } from './tree';

/** Rows are drawn at most this often. */
const DRAW_MS = 100;

/** The side bar's panel: a tool bar with the filter, and the tree. */
export class LambdaPanel extends ReactWidget {
  constructor(
    private readonly _state: PanelState,
    private readonly _commands: JupyterFrontEnd['commands'],
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.id = 'lambda-nb-functions';
    this.addClass('lnb-panel');
    this.title.icon = lambdaIcon;
    this.title.caption = _trans.__('Lambda functions');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _trans.__('Lambda functions'));
    _state.changed.connect(this._onChanged, this);
  }

  dispose(): void {
    window.clearTimeout(this._timer);
    window.clearInterval(this._refreshing);
    super.dispose();
  }

  /** Put the focus into the filter, when the panel is activated if it is not seen yet. */
  focusFilter(): void {
    this._wantsFilter = !this.isVisible;
    this.node.querySelector<HTMLInputElement>('.lnb-filter')?.select();
  }

  protected render() {
    const { nodes, matches } = this._state.rows();
    const trans = this._trans;
    return (
      <>
        <div className="lnb-toolbar" role="toolbar" aria-label={trans.__('Lambda panel')}>
          <input
            type="search"
            className="lnb-filter"
            placeholder={trans.__('Filter')}
            aria-label={trans.__('Filter by name or kind')}
            spellCheck={false}
            value={this._state.filter}
            onChange={event => {
              this._state.filter = event.target.value;
            }}
            onKeyDown={event => {
              if (event.key === 'Escape') {
                this._state.filter = '';
                event.stopPropagation();
              } else if (event.key === 'ArrowDown' || event.key === 'Enter') {
                this.node.querySelector<HTMLElement>('.lnb-item[tabindex="0"]')?.focus();
                event.preventDefault();
              }
            }}
          />
          {this._button(CommandIDs.refresh, refreshIcon)}
          {this._button(ids.expandAll, expandAllIcon)}
          {this._button(ids.collapseAll, collapseAllIcon)}
        </div>
        <div className="lnb-found" role="status">
          {this._state.filter ? trans._n('%1 match', '%1 matches', matches) : ''}
        </div>
        {nodes.length > 0 ? (
          <Tree
            nodes={nodes}
            state={this._state}
            commands={this._commands}
            trans={trans}
            onEmptied={() => this.isVisible && this.focusFilter()}
          />
        ) : (
          <p className="lnb-hint">
            {this._state.filter
              ? trans.__('Nothing here has “%1” in its name or kind.', this._state.filter)
              : trans.__(
                  'No notebook is open. Open one, run %load_ext lambda_nb, and its Lambda functions appear here.'
                )}
          </p>
        )}
      </>
    );
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.update();
    this._beginRefreshing();
  }

  protected onAfterHide(message: Message): void {
    super.onAfterHide(message);
    window.clearInterval(this._refreshing);
  }

  protected onActivateRequest(): void {
    if (this._wantsFilter) {
      this.focusFilter();
      return;
    }
    const item = this.node.querySelector<HTMLElement>('.lnb-item[tabindex="0"]');
    (item ?? this.node.querySelector<HTMLElement>('.lnb-filter'))?.focus();
  }

  private _button(command: string, icon: LabIcon) {
    const label = this._commands.label(command);
    return (
      <button
        type="button"
        className="lnb-button"
        title={label}
        aria-label={label}
        onClick={() => void this._commands.execute(command)}
      >
        <icon.react tag="span" width="16px" />
      </button>
    );
  }

  /** A burst of pictures is drawn once; a hidden panel not at all. */
  private _onChanged(_: PanelState, when: 'now' | 'soon'): void {
    if (when === 'now') {
      this.update();
    } else if (this._timer === 0 && this.isVisible) {
      this._timer = window.setTimeout(
        () => {
          this._timer = 0;
          this.update();
        },
        this._drawnAt + DRAW_MS > Date.now() ? DRAW_MS : 0
      );
    }
    if (this._state.refreshSeconds !== this._refreshSeconds) {
      this._beginRefreshing();
    }
  }

  protected onUpdateRequest(message: Message): void {
    this._drawnAt = Date.now();
    super.onUpdateRequest(message);
  }

  private _beginRefreshing(): void {
    window.clearInterval(this._refreshing);
    this._refreshSeconds = this._state.refreshSeconds;
    if (this._refreshSeconds > 0 && this.isVisible) {
      this._refreshing = window.setInterval(
        () => void this._commands.execute(CommandIDs.refresh, { quiet: true }),
        this._refreshSeconds * 1000
      );
    }
  }

  private _wantsFilter = false;
  private _timer = 0;
  private _drawnAt = 0;
  private _refreshing = 0;
  private _refreshSeconds = 0;
}
