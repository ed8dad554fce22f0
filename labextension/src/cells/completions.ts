import { CompletionHandler, ICompletionContext, ICompletionProvider } from '@jupyterlab/completer';

import { parse, RUNTIMES } from './magic';

const UNFINISHED_RUNTIME = /^\s*%%lambda\s[^\n]*--runtime[=\s]+([\w.]*)$/;

/** Completes the runtime's name after `--runtime` on the first line of a function cell. */
export class RuntimeCompletions implements ICompletionProvider {
  readonly identifier = 'lambda-nb:runtimes';
  /** Above the kernel's own provider. */
  readonly rank = 600;

  async isApplicable(context: ICompletionContext): Promise<boolean> {
    return parse(context.editor?.model.sharedModel.getSource() ?? '') !== null;
  }

  async fetch(
    request: CompletionHandler.IRequest
  ): Promise<CompletionHandler.ICompletionItemsReply> {
    const match = UNFINISHED_RUNTIME.exec(request.text.slice(0, request.offset));
    const start = request.offset - (match ? match[1].length : 0);
    const items = match
      ? RUNTIMES.filter(name => name.startsWith(match[1])).map(label => ({
          label,
          type: 'runtime'
        }))
      : [];
    return { start, end: request.offset, items };
  }
}
