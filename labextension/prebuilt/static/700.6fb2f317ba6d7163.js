"use strict";(self.rspackChunklambda_nb=self.rspackChunklambda_nb||[]).push([[700],{9033(o,n,e){var r=e(1601),l=e.n(r),t=e(6314),a=(e.n(t))()(l());a.push([o.id,`.lnb-cell {
  position: relative;
}

.lnb-cell .jp-InputArea-editor {
  border-left: 3px solid var(--jp-brand-color1);
}

.lnb-badge {
  position: absolute;
  right: 12px;
  top: -8px;
  z-index: 1;
  max-width: calc(100% - 100px);
  padding: 0 7px;
  overflow: hidden;
  border: 1px solid var(--jp-border-color1);
  border-radius: 9px;
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size0);
  line-height: 16px;
  text-overflow: ellipsis;
  white-space: nowrap;
  cursor: pointer;
}

.lnb-badge:hover {
  background: var(--jp-layout-color2);
}

.lnb-badge:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}

.lnb-badge::after {
  content: '▾';
  margin-left: 5px;
}

.lnb-badge-bug svg {
  width: 12px;
  height: 12px;
  margin-right: 4px;
  vertical-align: -2px;
}

.lnb-badge-live {
  border-color: var(--jp-success-color1);
}

.lnb-badge-edited,
.lnb-badge-updating {
  border-color: var(--jp-warn-color1);
  border-style: dashed;
}

.lnb-badge-failed,
.lnb-badge-problems {
  border-color: var(--jp-error-color1);
}

/* The tooltips of CodeMirror's marks have colours of their own, made for a white page. */
.lnb-cell .cm-tooltip.cm-tooltip-hover {
  border: 1px solid var(--jp-border-color1);
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
}

.lnb-cell .cm-diagnostic-error {
  border-left-color: var(--jp-error-color1);
}

.lnb-cell .cm-diagnostic-warning {
  border-left-color: var(--jp-warn-color1);
}

.lnb-cell .cm-diagnosticSource {
  color: var(--jp-ui-font-color2);
  opacity: 1;
}
`,""]),e.d(n,{},{A:a})},1964(o,n,e){var r=e(1601),l=e.n(r),t=e(6314),a=(e.n(t))()(l());a.push([o.id,`/* The documents of a function: invoke, logs, activity, events. */

.lnb-document {
  display: flex;
  flex-direction: column;
  overflow: hidden;
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size1);
  line-height: 1.5;
}

.lnb-document > .lnb-document-view {
  flex: 1 1 auto;
  min-height: 0;
  overflow: auto;
  outline: none;
}

.lnb-document h2 {
  margin: 0;
  font-size: var(--jp-ui-font-size3);
  font-weight: 600;
}

.lnb-document h3 {
  margin: 14px 0 2px;
  font-size: var(--jp-ui-font-size1);
  font-weight: 600;
}

.lnb-document h4 {
  margin: 4px 0 0;
  font-size: var(--jp-ui-font-size1);
  font-weight: 600;
}

.lnb-document p {
  margin: 6px 0;
}

.lnb-document [hidden] {
  display: none;
}

.lnb-document .lnb-banner {
  display: flex;
  flex: 0 0 auto;
  flex-wrap: wrap;
  gap: 4px 12px;
  align-items: center;
  padding: 6px 12px;
  border-bottom: 1px solid var(--jp-border-color2);
  border-left: 4px solid var(--jp-warn-color1);
  background: var(--jp-layout-color2);
}

.lnb-document .lnb-banner.lnb-mod-fault {
  border-left-color: var(--jp-error-color1);
  color: inherit;
}

/* --- parts that all documents use --- */

.lnb-document .lnb-dim {
  color: var(--jp-ui-font-color2);
}

.lnb-document .lnb-mod-fault,
.lnb-document .lnb-level-error .lnb-log-text,
.lnb-document .lnb-tiles .lnb-mod-bad dd {
  color: color-mix(in srgb, var(--jp-error-color1) 80%, var(--jp-ui-font-color1));
}

.lnb-document .lnb-hidden {
  position: absolute;
  width: 1px;
  height: 1px;
  margin: -1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}

.lnb-document .lnb-break {
  overflow-wrap: anywhere;
}

.lnb-document .lnb-flow {
  display: flex;
  flex-wrap: wrap;
  gap: 6px 8px;
  align-items: center;
}

.lnb-document .lnb-spring {
  flex: 1 1 0;
}

.lnb-document .lnb-pick {
  display: inline-flex;
  gap: 6px;
  align-items: center;
  color: var(--jp-ui-font-color2);
}

.lnb-document select,
.lnb-document .lnb-input,
.lnb-document .lnb-act {
  box-sizing: border-box;
  min-height: 26px;
  padding: 2px 8px;
  border: 1px solid var(--jp-border-color1);
  border-radius: 3px;
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font: inherit;
}

.lnb-document select {
  max-width: 16em;
}

.lnb-document .lnb-act {
  cursor: pointer;
}

.lnb-document .lnb-act:hover:not(:disabled) {
  background: var(--jp-layout-color2);
}

.lnb-document .lnb-act:disabled,
.lnb-document select:disabled {
  cursor: default;
  opacity: 0.55;
}

.lnb-document .lnb-act[aria-pressed='true'] {
  border-color: var(--jp-brand-color1);
  background: var(--jp-layout-color3);
  font-weight: 600;
}

.lnb-document .lnb-act.lnb-mod-primary {
  min-width: 56px;
  border-color: var(--jp-brand-color1);
  background: var(--jp-brand-color1);
  color: var(--jp-layout-color1);
  font-weight: 600;
}

.lnb-document .lnb-act.lnb-mod-primary:hover:not(:disabled) {
  background: var(--jp-brand-color0);
}

.lnb-document .lnb-link {
  padding: 0;
  border: none;
  background: none;
  color: var(--jp-content-link-color);
  font: inherit;
  text-decoration: underline;
  cursor: pointer;
}

.lnb-document button:focus-visible,
.lnb-document select:focus-visible,
.lnb-document summary:focus-visible,
.lnb-document .lnb-input:focus-visible,
.lnb-document .lnb-charts:focus-visible,
.lnb-document .lnb-log-lines:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}

.lnb-document .lnb-charts:focus-visible,
.lnb-document .lnb-log-lines:focus-visible {
  outline-offset: -2px;
}

.lnb-document .lnb-choice {
  display: inline-flex;
}

.lnb-document .lnb-choice .lnb-act {
  margin-left: -1px;
  border-radius: 0;
}

.lnb-document summary {
  cursor: pointer;
}

.lnb-document .lnb-fold {
  margin-top: 10px;
}

.lnb-document .lnb-fold > summary {
  font-weight: 600;
}

.lnb-document .lnb-text,
.lnb-document .lnb-code {
  margin: 4px 0;
  overflow-wrap: anywhere;
  white-space: pre-wrap;
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  line-height: var(--jp-code-line-height);
}

.lnb-document .lnb-code {
  max-height: 420px;
  padding: 6px 8px;
  overflow: auto;
  border: 1px solid var(--jp-border-color2);
  background: var(--jp-layout-color0);
}

.lnb-document .lnb-chip {
  padding: 0 8px;
  border: 1px solid currentcolor;
  border-radius: 9px;
  color: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size0);
  line-height: 17px;
  white-space: nowrap;
}

/* The frame carries the colour; the word keeps the contrast of text. */
.lnb-document .lnb-chip::before {
  content: '';
  display: inline-block;
  width: 8px;
  height: 8px;
  margin-right: 5px;
  border-radius: 50%;
  background: var(--jp-ui-font-color3);
}

.lnb-document .lnb-chip-success::before {
  background: var(--jp-success-color1);
}

.lnb-document .lnb-chip-error::before,
.lnb-document .lnb-chip-timeout::before,
.lnb-document .lnb-chip-throttled::before {
  border-radius: 0;
  background: var(--jp-error-color1);
}

.lnb-document .lnb-chip-cold::before {
  border-radius: 0;
  background: var(--jp-warn-color1);
  transform: rotate(45deg) scale(0.8);
}

.lnb-document .lnb-chip-warm::before,
.lnb-document .lnb-chip-running::before,
.lnb-document .lnb-chip-accepted::before {
  background: var(--jp-brand-color1);
}

.lnb-document .lnb-chip-running::before {
  animation: lnb-breathe 1.4s ease-in-out infinite;
}

@keyframes lnb-breathe {
  50% {
    opacity: 0.25;
  }
}

.lnb-document .lnb-figures {
  display: flex;
  flex-wrap: wrap;
  gap: 6px 20px;
  margin: 10px 0;
}

.lnb-document .lnb-figure dt {
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
}

.lnb-document .lnb-figure dd {
  margin: 0;
  font-variant-numeric: tabular-nums;
}

.lnb-document .lnb-tiles .lnb-figure dd {
  font-size: var(--jp-ui-font-size2);
  font-weight: 600;
}

.lnb-document .lnb-bar {
  display: inline-block;
  width: 80px;
  height: 8px;
  margin-left: 8px;
  border-radius: 4px;
  overflow: hidden;
  background: var(--jp-layout-color3);
}

.lnb-document .lnb-bar > span {
  display: block;
  height: 100%;
  background: var(--jp-brand-color1);
}

.lnb-document .lnb-bar > .lnb-mod-full {
  background: var(--jp-error-color1);
}

.lnb-document .lnb-bar-wide {
  width: 160px;
  margin-left: 0;
}

.lnb-document .lnb-scroll {
  overflow-x: auto;
}

.lnb-document .lnb-table {
  border-collapse: collapse;
  font-size: var(--jp-ui-font-size1);
}

.lnb-document .lnb-table th,
.lnb-document .lnb-table td {
  padding: 3px 14px 3px 0;
  border-bottom: 1px solid var(--jp-border-color3);
  text-align: left;
  vertical-align: top;
}

.lnb-document .lnb-table td {
  font-variant-numeric: tabular-nums;
}

.lnb-document .lnb-table th {
  border-bottom-color: var(--jp-border-color1);
  font-weight: 600;
}

.lnb-document .lnb-table .lnb-number {
  text-align: right;
  white-space: nowrap;
}

.lnb-document .lnb-table .lnb-clip {
  max-width: 240px;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

/* The last cell of a row takes the room that the others leave. */
.lnb-document .lnb-events .lnb-table {
  width: 100%;
}

.lnb-document .lnb-events .lnb-clip:last-child {
  width: 60%;
  max-width: 0;
}

.lnb-document .lnb-table .lnb-mod-current td {
  font-weight: 600;
}

.lnb-document code {
  padding: 0;
  background: none;
  color: inherit;
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
}

/* --- invoke --- */

.lnb-document .lnb-invoke {
  container: lnb-invoke / inline-size;
}

.lnb-document .lnb-invoke-ask,
.lnb-document .lnb-invoke-answer,
.lnb-document .lnb-invoke-past {
  padding: 10px 12px 0;
}

@container lnb-invoke (width > 820px) {
  .lnb-document .lnb-invoke-ask,
  .lnb-document .lnb-invoke-past {
    box-sizing: border-box;
    float: left;
    clear: left;
    width: 50%;
  }

  .lnb-document .lnb-invoke-answer {
    box-sizing: border-box;
    float: right;
    width: 50%;
    min-height: 60%;
    border-left: 1px solid var(--jp-border-color2);
  }
}

.lnb-document .lnb-payload {
  margin-top: 8px;
}

.lnb-document .lnb-payload-editor {
  min-height: 150px;
  max-height: 45vh;
  overflow: auto;
  border: 1px solid var(--jp-border-color1);
  background: var(--jp-cell-editor-background);
  resize: vertical;
}

.lnb-document .lnb-payload-editor .cm-editor {
  min-height: 150px;
}

.lnb-document .lnb-payload-editor:focus-within {
  border-color: var(--jp-brand-color1);
}

.lnb-document .lnb-payload-words:not(.lnb-mod-fault) {
  color: var(--jp-ui-font-color2);
}

.lnb-document .lnb-payload-words {
  min-height: 1.5em;
  font-size: var(--jp-ui-font-size0);
}

.lnb-document .lnb-list {
  margin: 4px 0;
  padding: 0;
  max-height: 260px;
  overflow: auto;
  list-style: none;
}

.lnb-document .lnb-list li {
  display: flex;
  gap: 8px;
  align-items: center;
  padding: 1px 4px;
  border-left: 3px solid transparent;
}

.lnb-document .lnb-list .lnb-mod-current {
  border-left-color: var(--jp-brand-color1);
  background: var(--jp-layout-color2);
}

.lnb-document .lnb-mod-current .lnb-dim {
  color: var(--jp-ui-font-color1);
}

.lnb-document .lnb-entry {
  display: flex;
  flex: 1 1 auto;
  gap: 10px;
  align-items: baseline;
  min-width: 0;
  padding: 3px 2px;
  border: none;
  background: none;
  color: inherit;
  font: inherit;
  text-align: left;
  cursor: pointer;
}

.lnb-document .lnb-entry > span {
  flex: 0 0 auto;
  white-space: nowrap;
}

.lnb-document .lnb-entry code {
  flex: 1 1 auto;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.lnb-document .lnb-fault {
  padding-left: 10px;
  border-left: 3px solid var(--jp-error-color1);
}

/* --- events --- */

.lnb-document .lnb-events {
  padding: 10px 12px;
}

.lnb-document .lnb-opener {
  padding: 0;
  border: none;
  background: none;
  color: inherit;
  font: inherit;
  font-variant-numeric: tabular-nums;
  white-space: nowrap;
  cursor: pointer;
}

.lnb-document .lnb-opener::before,
.lnb-document .lnb-log-fold::before {
  content: '▸';
  display: inline-block;
  width: 1em;
}

.lnb-document .lnb-opener[aria-expanded='true']::before,
.lnb-document .lnb-log-fold[aria-expanded='true']::before {
  content: '▾';
}

.lnb-document .lnb-pair {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(min(260px, 100%), 1fr));
  gap: 0 14px;
}

/* --- logs --- */

.lnb-document .lnb-logs {
  display: flex;
  flex-direction: column;
  overflow: hidden;
}

.lnb-document .lnb-logs > .lnb-flow {
  flex: 0 0 auto;
  padding: 6px 12px 0;
}

.lnb-document .lnb-logs .lnb-input {
  flex: 0 1 220px;
  min-width: 90px;
}

.lnb-document .lnb-log-note {
  flex: 0 0 auto;
  margin: 6px 12px 0;
  color: var(--jp-ui-font-color2);
}

.lnb-document .lnb-log-frame {
  position: relative;
  flex: 1 1 auto;
  min-height: 80px;
  margin-top: 6px;
  border-top: 1px solid var(--jp-border-color2);
}

.lnb-document .lnb-log-lines {
  position: absolute;
  inset: 0;
  overflow: auto;
  padding: 4px 0;
  background: var(--jp-layout-color0);
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  line-height: 20px;
  outline: none;
}

/* The browser lays out only the blocks in sight. */
.lnb-document .lnb-log-block {
  content-visibility: auto;
  contain-intrinsic-size: auto 2000px;
  min-width: max-content;
}

.lnb-document .lnb-log-line {
  display: grid;
  grid-template-columns: auto auto auto 1fr;
  min-width: max-content;
  padding: 0 12px 0 9px;
  border-left: 3px solid transparent;
  white-space: pre;
}

.lnb-document .lnb-log-line > * {
  align-self: start;
}

.lnb-document .lnb-log-text {
  grid-column: 4;
}

.lnb-document .lnb-mod-wrap .lnb-log-block,
.lnb-document .lnb-mod-wrap .lnb-log-line {
  min-width: 0;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}

.lnb-document .lnb-log-line time,
.lnb-document .lnb-log-request time {
  margin-right: 10px;
  color: var(--jp-ui-font-color2);
}

.lnb-document .lnb-log-id {
  display: inline-block;
  width: 8ch;
  margin-right: 10px;
  padding: 0;
  border: none;
  background: none;
  color: var(--jp-ui-font-color2);
  font: inherit;
  text-align: left;
}

.lnb-document button.lnb-log-id {
  cursor: pointer;
}

.lnb-document button.lnb-log-id:hover {
  text-decoration: underline;
}

.lnb-document .lnb-log-fold {
  padding: 0;
  border: none;
  background: none;
  color: inherit;
  font: inherit;
  cursor: pointer;
}

.lnb-document .lnb-log-json {
  grid-column: 4;
  margin: 0 0 4px;
  padding-left: 10px;
  border-left: 2px solid var(--jp-border-color1);
  font: inherit;
  white-space: pre-wrap;
}

.lnb-document .lnb-log-line.lnb-level-error {
  border-left-color: var(--jp-error-color1);
}

.lnb-document .lnb-log-line.lnb-level-warn {
  border-left-color: var(--jp-warn-color1);
}

.lnb-document .lnb-level-platform .lnb-log-text,
.lnb-document .lnb-level-debug .lnb-log-text {
  color: var(--jp-ui-font-color2);
}

.lnb-document .lnb-log-line.lnb-mod-current {
  background: var(--jp-layout-color2);
}

.lnb-document .lnb-log-line.lnb-mod-current .lnb-log-text {
  color: var(--jp-ui-font-color1);
}

.lnb-document .lnb-log-text mark {
  background: var(--jp-search-unselected-match-background-color, #ffef9e);
  color: var(--jp-search-unselected-match-color, black);
}

.lnb-document .lnb-log-line.lnb-mod-current mark {
  background: var(--jp-search-selected-match-background-color, #ffa500);
  color: var(--jp-search-selected-match-color, black);
}

.lnb-document .lnb-log-request {
  margin: 0 12px 6px;
  overflow-x: auto;
  border: 1px solid var(--jp-border-color2);
  border-radius: 3px;
  content-visibility: auto;
  contain-intrinsic-size: auto 120px;
}

.lnb-document .lnb-log-request .lnb-log-id {
  display: none;
}

.lnb-document .lnb-log-request > summary {
  padding: 2px 8px;
  background: var(--jp-layout-color2);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
}

.lnb-document .lnb-log-request > summary > * {
  margin-right: 10px;
}

.lnb-document .lnb-log-request-id {
  font-family: var(--jp-code-font-family);
}

.lnb-document .lnb-log-more {
  position: absolute;
  right: 24px;
  bottom: 14px;
}

/* --- the function's own tab --- */

.lnb-document .lnb-activity {
  padding: 10px 12px;
}

.lnb-document .lnb-charts {
  position: relative;
  outline: none;
}

.lnb-document .lnb-chart {
  overflow: hidden;
}

.lnb-document .lnb-chart canvas {
  display: block;
}

.lnb-document .lnb-tip {
  position: absolute;
  z-index: 2;
  max-width: 320px;
  padding: 4px 8px;
  border: 1px solid var(--jp-border-color1);
  border-radius: 3px;
  background: var(--jp-layout-color1);
  box-shadow: var(--jp-elevation-z4);
  font-size: var(--jp-ui-font-size0);
  overflow-wrap: anywhere;
  pointer-events: none;
}

.lnb-document .lnb-legend {
  display: flex;
  flex-wrap: wrap;
  gap: 2px 16px;
  margin: 6px 0;
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
}

.lnb-document .lnb-swatch {
  display: inline-block;
  box-sizing: border-box;
  width: 12px;
  height: 10px;
  margin-right: 5px;
}

.lnb-document .lnb-swatch-cold {
  background: var(--jp-warn-color1);
}

.lnb-document .lnb-swatch-running {
  background: var(--jp-brand-color1);
}

.lnb-document .lnb-swatch-error {
  background: var(--jp-error-color1);
}

.lnb-document .lnb-swatch-throttled {
  border: 1px solid var(--jp-error-color1);
}

.lnb-document .lnb-swatch-idle {
  background: var(--jp-layout-color3);
}

@media (prefers-reduced-motion: reduce) {
  .lnb-document .lnb-chip-running::before {
    animation: none;
  }
}
`,""]),e.d(n,{},{A:a})},2646(o,n,e){var r=e(1601),l=e.n(r),t=e(6314),a=e.n(t),i=e(5724),d=e(1964),b=e(9033),c=a()(l());c.i(i.A),c.i(d.A),c.i(b.A),c.push([o.id,`/* Only JupyterLab's own variables, so that every theme, dark ones too, looks right. */
`,""]),e.d(n,{},{A:c})},5724(o,n,e){var r=e(1601),l=e.n(r),t=e(6314),a=(e.n(t))()(l());a.push([o.id,`/* The side bar's panel, its menu and dialogs, and the status bar's item. */

.lnb-panel {
  display: flex;
  flex-direction: column;
  min-width: 220px;
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size1);
}

.lnb-toolbar {
  display: flex;
  flex: none;
  align-items: center;
  gap: 2px;
  padding: 6px 8px;
  border-bottom: var(--jp-border-width) solid var(--jp-border-color2);
}

.lnb-filter {
  flex: 1;
  box-sizing: border-box;
  width: 0;
  min-width: 60px;
  height: 26px;
  padding: 0 8px;
  border: var(--jp-border-width) solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  background: var(--jp-input-background);
  color: var(--jp-ui-font-color1);
  font: inherit;
}

.lnb-filter::placeholder {
  color: var(--jp-ui-font-color2);
  opacity: 1;
}

.lnb-filter:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: -1px;
}

.lnb-button {
  display: inline-flex;
  flex: none;
  align-items: center;
  justify-content: center;
  min-width: 24px;
  height: 24px;
  padding: 0 4px;
  border: none;
  border-radius: var(--jp-border-radius);
  background: none;
  color: var(--jp-ui-font-color1);
  font: inherit;
  cursor: pointer;
}

.lnb-button:hover {
  background: var(--jp-layout-color3);
}

.lnb-button:focus-visible,
.lnb-add:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: -2px;
}

.lnb-button svg {
  display: block;
}

.lnb-found {
  flex: none;
  padding: 4px 12px;
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
}

.lnb-found:empty {
  padding: 0;
}

.lnb-hint {
  margin: 0;
  padding: 12px;
  color: var(--jp-ui-font-color2);
  line-height: 1.5;
  overflow-wrap: anywhere;
}

.lnb-panel code {
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-ui-font-size1);
}

/* --- the tree --- */

.lnb-tree,
.lnb-tree ul {
  margin: 0;
  padding: 0;
  list-style: none;
}

.lnb-tree {
  flex: 1;
  min-height: 0;
  padding-bottom: 12px;
  overflow: hidden auto;
}

.lnb-item {
  outline: none;
}

.lnb-row {
  position: relative;
  display: flex;
  align-items: center;
  gap: 4px;
  min-height: 24px;
  padding: 1px 8px 1px calc(4px + var(--lnb-level) * 12px);
  line-height: 1.35;
  cursor: default;
  user-select: none;
}

.lnb-row:hover,
.lnb-item[aria-selected='true'] > .lnb-row {
  background: var(--jp-layout-color2);
}

.lnb-item:focus-visible > .lnb-row {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: -2px;
}

.lnb-caret {
  display: inline-flex;
  flex: none;
  width: 14px;
  cursor: pointer;
}

.lnb-caret svg {
  display: block;
}

.lnb-caret[data-open='true'] {
  transform: rotate(90deg);
}

.lnb-words {
  display: flex;
  flex: 1;
  gap: 8px;
  align-items: baseline;
  min-width: 0;
}

.lnb-tall > .lnb-row > .lnb-words {
  flex-direction: column;
  gap: 0;
  align-items: stretch;
  padding: 3px 0;
}

.lnb-first {
  display: flex;
  flex: 0 1 auto;
  gap: 6px;
  align-items: center;
  min-width: 40%;
}

.lnb-tall > .lnb-row .lnb-first,
.lnb-group > .lnb-row .lnb-first {
  min-width: 0;
}

.lnb-label {
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.lnb-label mark {
  background: var(--jp-search-unselected-match-background-color, var(--jp-warn-color3));
  color: var(--jp-search-unselected-match-color, inherit);
}

.lnb-detail {
  flex: 1;
  overflow: hidden;
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
  text-overflow: ellipsis;
  white-space: nowrap;
}

.lnb-notebook > .lnb-row .lnb-label {
  font-weight: 600;
}

.lnb-notebook > .lnb-row .lnb-detail {
  white-space: normal;
}

.lnb-function > .lnb-row .lnb-label,
.lnb-version > .lnb-row .lnb-label,
.lnb-alias > .lnb-row .lnb-label {
  font-family: var(--jp-code-font-family);
}

.lnb-message > .lnb-row {
  flex-wrap: wrap;
  align-items: flex-start;
  padding-block: 4px;
}

.lnb-message > .lnb-row > .lnb-words {
  flex-basis: calc(100% - 60px);
}

.lnb-message > .lnb-row .lnb-label {
  color: var(--jp-ui-font-color2);
  overflow-wrap: anywhere;
  white-space: normal;
}

.lnb-row .lnb-tag {
  flex: none;
  padding: 0 5px;
  border: var(--jp-border-width) solid var(--jp-border-color1);
  border-radius: 8px;
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
  line-height: 1.3;
}

/* The dim colour is made for the lighter ground of the other rows. */
.lnb-row:is(:hover, [aria-selected='true'] > *) :is(.lnb-detail, .lnb-more, .lnb-tag, .lnb-label) {
  color: var(--jp-ui-font-color1);
}

/* States differ in shape as well as in colour. */

.lnb-mark {
  flex: none;
  box-sizing: border-box;
  width: 8px;
  height: 8px;
  border-radius: 50%;
  background: var(--jp-success-color1);
}

.lnb-mark-moving {
  border: 2px dotted var(--jp-warn-color1);
  background: none;
}

.lnb-mark-bad {
  border-radius: 0;
  background: var(--jp-error-color1);
  transform: rotate(45deg);
}

.lnb-message > .lnb-row > .lnb-mark {
  margin-top: 5px;
}

.lnb-mark-off {
  border: 2px solid var(--jp-ui-font-color3);
  background: none;
}

.lnb-mark-money {
  width: auto;
  height: auto;
  border-radius: 0;
  background: none;
  color: var(--jp-warn-color0, var(--jp-warn-color1));
  font-weight: 600;
}

.lnb-mark-money::before {
  content: '$';
}

.lnb-squares {
  display: inline-flex;
  flex: none;
  gap: 2px;
  align-items: center;
}

.lnb-square {
  box-sizing: border-box;
  width: 7px;
  height: 7px;
  border: 1px solid var(--jp-brand-color1);
}

.lnb-square-running {
  background: var(--jp-brand-color1);
}

.lnb-square-initialising {
  border-color: var(--jp-warn-color1);
  background: linear-gradient(135deg, var(--jp-warn-color1) 50%, transparent 50%);
}

.lnb-square-idle {
  border-color: var(--jp-ui-font-color3);
}

.lnb-more {
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
}

/* Over the row's end: its words must not jump when the pointer comes. */
.lnb-buttons {
  position: absolute;
  inset-block: 1px;
  right: 4px;
  display: none;
  align-items: center;
  gap: 2px;
  padding-left: 8px;
  background: var(--jp-layout-color2);
}

.lnb-message > .lnb-row > .lnb-buttons {
  position: static;
  flex: 1 0 100%;
  padding-left: 18px;
  background: none;
}

.lnb-message > .lnb-row .lnb-button {
  padding: 0 8px;
  border: var(--jp-border-width) solid var(--jp-border-color1);
}

.lnb-row:hover > .lnb-buttons,
.lnb-item:focus > .lnb-row > .lnb-buttons,
.lnb-item[aria-selected='true'] > .lnb-row > .lnb-buttons,
.lnb-message > .lnb-row > .lnb-buttons {
  display: inline-flex;
}

/* --- dialogs --- */

.lnb-dialog .jp-Dialog-content {
  width: min(560px, 92vw);
  max-width: none;
  max-height: 90vh;
}

.lnb-dialog .jp-Dialog-body {
  overflow: auto;
}

.lnb-form {
  display: flex;
  flex-direction: column;
  gap: 10px;
}

.lnb-form p {
  margin: 0;
}

.lnb-form-columns {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(200px, 1fr));
  gap: 10px 16px;
}

.lnb-field {
  display: flex;
  flex-direction: column;
  gap: 2px;
  min-width: 0;
}

.lnb-field input,
.lnb-field select,
.lnb-field textarea,
.lnb-variable input {
  box-sizing: border-box;
  width: 100%;
}

.lnb-field .jp-HTMLSelect select {
  border: var(--jp-border-width) solid var(--jp-border-color1);
  background: var(--jp-input-background);
}

.lnb-field textarea,
.lnb-variable input {
  font-family: var(--jp-code-font-family);
}

.lnb-form [aria-invalid='true'] {
  border-color: var(--jp-error-color1);
}

.lnb-field-hint {
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
}

/* The theme's red is too dark to read on a dark page: it marks, and the words are in the font's colour. */
.lnb-problem,
.lnb-refusal:not(:empty) {
  padding-left: 6px;
  border-left: 3px solid var(--jp-error-color1);
  color: var(--jp-ui-font-color1);
  overflow-wrap: anywhere;
}

.lnb-problem {
  font-size: var(--jp-ui-font-size0);
}

.lnb-refusal:not(:empty) {
  margin-top: 12px;
  padding-block: 8px;
  white-space: pre-wrap;
}

.lnb-form fieldset {
  display: flex;
  flex-direction: column;
  gap: 6px;
  min-width: 0;
  margin: 0;
  padding: 8px;
  border: var(--jp-border-width) solid var(--jp-border-color2);
}

.lnb-variable {
  display: grid;
  grid-template-columns: 2fr 3fr auto;
  gap: 4px 6px;
  align-items: center;
}

.lnb-variable .lnb-problem {
  grid-column: 1 / -1;
}

.lnb-add {
  align-self: flex-start;
  padding: 3px 8px;
  border: var(--jp-border-width) solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  background: var(--jp-layout-color2);
  color: var(--jp-ui-font-color1);
  font: inherit;
  cursor: pointer;
}

.lnb-messages ol {
  margin: 0;
  padding-left: 24px;
}

.lnb-messages .lnb-detail {
  white-space: normal;
  overflow-wrap: anywhere;
}

.lnb-messages pre {
  max-height: 200px;
  margin: 4px 0;
  padding: 6px;
  overflow: auto;
  background: var(--jp-layout-color2);
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  white-space: pre-wrap;
}

/* --- the status bar --- */

.lnb-status {
  display: flex;
  align-items: center;
}

.lnb-status button {
  border: none;
  background: none;
  padding: 0 6px;
  color: inherit;
  font: inherit;
  line-height: 24px;
  cursor: pointer;
}

.lnb-status button:hover {
  background: var(--jp-layout-color3);
}

.lnb-status button.lnb-status-bad {
  text-decoration: underline wavy var(--jp-error-color1);
}
`,""]),e.d(n,{},{A:a})},6314(o){o.exports=function(o){var n=[];return n.toString=function(){return this.map(function(n){var e="",r=void 0!==n[5];return n[4]&&(e+="@supports (".concat(n[4],") {")),n[2]&&(e+="@media ".concat(n[2]," {")),r&&(e+="@layer".concat(n[5].length>0?" ".concat(n[5]):""," {")),e+=o(n),r&&(e+="}"),n[2]&&(e+="}"),n[4]&&(e+="}"),e}).join("")},n.i=function(o,e,r,l,t){"string"==typeof o&&(o=[[null,o,void 0]]);var a={};if(r)for(var i=0;i<this.length;i++){var d=this[i][0];null!=d&&(a[d]=!0)}for(var b=0;b<o.length;b++){var c=[].concat(o[b]);r&&a[c[0]]||(void 0!==t&&(void 0===c[5]||(c[1]="@layer".concat(c[5].length>0?" ".concat(c[5]):""," {").concat(c[1],"}")),c[5]=t),e&&(c[2]&&(c[1]="@media ".concat(c[2]," {").concat(c[1],"}")),c[2]=e),l&&(c[4]?(c[1]="@supports (".concat(c[4],") {").concat(c[1],"}"),c[4]=l):c[4]="".concat(l)),n.push(c))}},n}},1601(o){o.exports=function(o){return o[1]}},5072(o){var n=[];function e(o){for(var e=-1,r=0;r<n.length;r++)if(n[r].identifier===o){e=r;break}return e}function r(o,r){for(var l={},t=[],a=0;a<o.length;a++){var i=o[a],d=r.base?i[0]+r.base:i[0],b=l[d]||0,c="".concat(d," ").concat(b);l[d]=b+1;var p=e(c),u={css:i[1],media:i[2],sourceMap:i[3],supports:i[4],layer:i[5]};if(-1!==p)n[p].references++,n[p].updater(u);else{var s=function(o,n){var e=n.domAPI(n);return e.update(o),function(n){n?(n.css!==o.css||n.media!==o.media||n.sourceMap!==o.sourceMap||n.supports!==o.supports||n.layer!==o.layer)&&e.update(o=n):e.remove()}}(u,r);r.byIndex=a,n.splice(a,0,{identifier:c,updater:s,references:1})}t.push(c)}return t}o.exports=function(o,l){var t=r(o=o||[],l=l||{});return function(o){o=o||[];for(var a=0;a<t.length;a++){var i=e(t[a]);n[i].references--}for(var d=r(o,l),b=0;b<t.length;b++){var c=e(t[b]);0===n[c].references&&(n[c].updater(),n.splice(c,1))}t=d}}},7659(o){var n={};o.exports=function(o,e){var r=function(o){if(void 0===n[o]){var e=document.querySelector(o);if(window.HTMLIFrameElement&&e instanceof window.HTMLIFrameElement)try{e=e.contentDocument.head}catch(o){e=null}n[o]=e}return n[o]}(o);if(!r)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");r.appendChild(e)}},540(o){o.exports=function(o){var n=document.createElement("style");return o.setAttributes(n,o.attributes),o.insert(n,o.options),n}},5056(o,n,e){o.exports=function(o){var n=e.nc;n&&o.setAttribute("nonce",n)}},7825(o){o.exports=function(o){if("u"<typeof document)return{update:function(){},remove:function(){}};var n=o.insertStyleElement(o);return{update:function(e){var r,l,t;r="",e.supports&&(r+="@supports (".concat(e.supports,") {")),e.media&&(r+="@media ".concat(e.media," {")),(l=void 0!==e.layer)&&(r+="@layer".concat(e.layer.length>0?" ".concat(e.layer):""," {")),r+=e.css,l&&(r+="}"),e.media&&(r+="}"),e.supports&&(r+="}"),(t=e.sourceMap)&&"u">typeof btoa&&(r+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(t))))," */")),o.styleTagTransform(r,n,o.options)},remove:function(){var o;null===(o=n).parentNode||o.parentNode.removeChild(o)}}}},1113(o){o.exports=function(o,n){if(n.styleSheet)n.styleSheet.cssText=o;else{for(;n.firstChild;)n.removeChild(n.firstChild);n.appendChild(document.createTextNode(o))}}},5959(o,n,e){var r=e(5072),l=e.n(r),t=e(7825),a=e.n(t),i=e(7659),d=e.n(i),b=e(5056),c=e.n(b),p=e(540),u=e.n(p),s=e(1113),f=e.n(s),m=e(2646),g={};g.styleTagTransform=f(),g.setAttributes=c(),g.insert=d().bind(null,"head"),g.domAPI=a(),g.insertStyleElement=u(),l()(m.A,g),m.A&&m.A.locals&&m.A.locals}}]);