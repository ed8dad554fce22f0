import { linter, lintGutter } from '@codemirror/lint';
import { CodeEditor, CodeEditorWrapper } from '@jupyterlab/codeeditor';
import type { CodeMirrorEditor } from '@jupyterlab/codemirror';
import { Panel, Widget } from '@lumino/widgets';

import { check, pretty } from '../../shared/json';
import { IParts } from '../parts';

const PAUSE_MS = 250;

/** The payload's editor; it checks JSON while one types. */
export class PayloadEditor extends Panel {
  constructor(parts: IParts, changed: (text: string) => void) {
    super();
    this.addClass('lnb-payload');
    this._parts = parts;
    this._model = new CodeEditor.Model({ mimeType: 'application/json' });
    const editor = new CodeEditorWrapper({
      factory: parts.editors.factoryService.newInlineEditor,
      model: this._model,
      editorOptions: {
        config: { lineNumbers: true, lineWrap: true },
        extensions: [lintGutter(), linter(() => this._diagnose(), { delay: PAUSE_MS })]
      }
    });
    editor.addClass('lnb-payload-editor');
    this._editor = editor;
    this._words.addClass('lnb-payload-words');
    this._words.node.setAttribute('role', 'status');
    const content = editor.node.querySelector('.cm-content');
    content?.setAttribute('aria-label', parts.trans.__('Payload, in JSON'));
    editor.node.addEventListener('keydown', event => this._onKey(event), true);
    this.addWidget(editor);
    this.addWidget(this._words);
    this._model.sharedModel.changed.connect(() => {
      changed(this.text);
      window.clearTimeout(this._timer);
      this._timer = window.setTimeout(() => this._check(), PAUSE_MS);
    });
  }

  get text(): string {
    return this._model.sharedModel.getSource();
  }

  /** Begin with this text. */
  set text(text: string) {
    this._model.sharedModel.setSource(text);
    this._check();
  }

  /** Replace the text; undo brings the old one back. */
  load(text: string): void {
    // Only what goes through the editor itself can be undone there.
    const { editor } = this._editor.editor as CodeMirrorEditor;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
    this._check();
  }

  /** Whether the payload can be sent; if not, the cursor goes to what is wrong. */
  valid(): boolean {
    const fault = this._check();
    if (fault) {
      this.focus();
      this._editor.editor.setCursorPosition({ line: fault.line - 1, column: fault.column - 1 });
    }
    return fault === null;
  }

  format(): void {
    if (this.valid()) {
      this.load(pretty(this.text));
    }
  }

  focus(): void {
    this._editor.editor.focus();
  }

  dispose(): void {
    window.clearTimeout(this._timer);
    super.dispose();
    this._model.dispose();
  }

  /** JupyterLab's undo knows only notebooks and files; the browser's own would garble the text. */
  private _onKey(event: KeyboardEvent): void {
    const { editor } = this._editor;
    const key = event.key.toLowerCase();
    if (event.altKey || !(event.ctrlKey || event.metaKey) || (key !== 'z' && key !== 'y')) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (key === 'z' && !event.shiftKey) {
      editor.undo();
    } else {
      editor.redo();
    }
  }

  private _check(): ReturnType<typeof check> {
    const { trans } = this._parts;
    const fault = check(this.text, trans);
    const words = fault
      ? trans.__('Line %1, column %2: %3', fault.line, fault.column, fault.message)
      : trans.__('Valid JSON');
    if (this._words.node.textContent !== words) {
      this._words.node.textContent = words;
    }
    this._words.node.classList.toggle('lnb-mod-fault', fault !== null);
    return fault;
  }

  private _diagnose() {
    const fault = check(this.text, this._parts.trans);
    if (!fault) {
      return [];
    }
    const end = this.text.length;
    const from = Math.min(fault.offset, Math.max(0, end - 1));
    return [
      { from, to: Math.min(from + 1, end), severity: 'error' as const, message: fault.message }
    ];
  }

  private _parts: IParts;
  private _model: CodeEditor.Model;
  private _editor: CodeEditorWrapper;
  private _words = new Widget();
  private _timer = 0;
}
