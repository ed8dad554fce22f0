import { CompletionHandler, ICompletionContext, ICompletionProvider } from '@jupyterlab/completer';
import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';

import { IOption } from '../protocol';
import { Options } from './options';
import { split } from './words';

const MAGIC = /^\s*(%%lambda|%%cloudfront_function|%lambda)(?!\S)/;

type Items = CompletionHandler.ICompletionItemsReply;

/** Completes the line of a magic: its options with their help, and what may follow each. */
export class OptionCompletions implements ICompletionProvider {
  readonly identifier = 'lambda-nb:options';
  /** Above the kernel's own provider. */
  readonly rank = 600;

  constructor(
    private readonly _options: Options,
    private readonly _trans: TranslationBundle
  ) {}

  async isApplicable(context: ICompletionContext): Promise<boolean> {
    return /^\s*%%?(?:lambda|cloudfront_function)\b/m.test(
      context.editor?.model.sharedModel.getSource() ?? ''
    );
  }

  async fetch(
    request: CompletionHandler.IRequest,
    context: ICompletionContext
  ): Promise<CompletionHandler.ICompletionItemsReply> {
    const nothing: Items = { start: request.offset, end: request.offset, items: [] };
    const begin = request.text.lastIndexOf('\n', request.offset - 1) + 1;
    const line = request.text.slice(begin, request.offset);
    const magic = MAGIC.exec(line);
    // A cell magic stands in the cell's first line, or it is none.
    const first = request.text.slice(0, begin).trim() === '';
    if (!magic || (magic[1].startsWith('%%') && !first) || line.length === magic[0].length) {
      return nothing;
    }
    const path = context.widget instanceof NotebookPanel ? context.widget.context.path : '';
    const table = await this._options.of(path);
    const rows = table.filter(row => row.magic === magic[1]);
    const words = split(line.slice(magic[0].length));
    const open = words.length > 0 && !/\s$/.test(line) ? words.pop() : undefined;
    const before = words.map(word => word.text);
    const typed = open?.text ?? '';
    const items =
      magic[1] === '%lambda' ? commands(rows, before) : this._cellItems(rows, before, typed);
    const start = request.offset - (open ? open.end - open.start : 0);
    return {
      start,
      end: request.offset,
      items: items.filter(item => item.label.startsWith(typed))
    };
  }

  private _cellItems(
    rows: IOption[],
    before: string[],
    typed: string
  ): CompletionHandler.ICompletionItem[] {
    if (before.length === 0 && !typed.startsWith('-')) {
      return choices(rows.find(row => row.flag === ''));
    }
    const latest = [...before].reverse().find(word => word.startsWith('--'));
    const row = rows.find(one => one.flag === latest);
    const values = choices(row);
    const direct = before[before.length - 1] === latest && row !== undefined;
    if (direct && row.metavar !== '') {
      return values;
    }
    const used = new Set(before);
    const flags = rows
      .filter(one => one.flag !== '' && (one.several || !used.has(one.flag)))
      .map(one => ({
        label: one.flag,
        type: one.metavar || this._trans.__('option'),
        documentation: `${one.flag} ${one.metavar}`.trim() + `\n\n${one.help}`
      }));
    return row?.several && !typed.startsWith('-') ? [...values, ...flags] : flags;
  }
}

function choices(row: IOption | undefined): CompletionHandler.ICompletionItem[] {
  return (row?.choices ?? []).map(label => ({
    label,
    type: row?.flag.replace(/^-+/, '') || 'function',
    documentation: row?.help,
    // Words with spaces or signs of the shell need quotes.
    ...(/[\s"'()*?]/.test(label) ? { insertText: `'${label}'` } : {})
  }));
}

function commands(rows: IOption[], before: string[]): CompletionHandler.ICompletionItem[] {
  if (before.length === 0) {
    return rows.map(row => ({
      label: row.flag,
      type: 'command',
      documentation: `%lambda ${row.flag} ${row.metavar}\n\n${row.help}`
    }));
  }
  return choices(rows.find(row => row.flag === before[0]));
}
