import { lintKeymap, setDiagnostics } from '@codemirror/lint';
import { keymap } from '@codemirror/view';
import { CodeMirrorEditor } from '@jupyterlab/codemirror';

import { IProblem } from '../protocol';

/** Lines under the text of one editor, with a message each; F8 goes to the next one. */
const prepared = new WeakSet<CodeMirrorEditor>();

/** Show these problems in an editor, instead of those before. */
export function mark(editor: CodeMirrorEditor, problems: IProblem[]): void {
  if (!prepared.has(editor)) {
    if (problems.length === 0) {
      return;
    }
    prepared.add(editor);
    editor.injectExtension(keymap.of(lintKeymap.filter(binding => binding.key === 'F8')));
  }
  const { doc } = editor.state;
  const diagnostics = problems
    .filter(problem => problem.line <= doc.lines)
    .map(problem => {
      const line = doc.line(problem.line);
      const from = Math.min(line.from + problem.column, line.to);
      const to = Math.min(line.from + Math.max(problem.end_column, problem.column), line.to);
      return {
        from,
        to,
        severity: problem.severity,
        message: problem.message,
        source: 'lambda_nb'
      };
    });
  editor.editor.dispatch(setDiagnostics(editor.state, diagnostics));
}
