/** JSON as people type it: where it is wrong, in words; and how it is laid out. */

import { TranslationBundle } from '@jupyterlab/translation';

export interface IJsonFault {
  /** Characters from the start. */
  offset: number;
  /** From 1. */
  line: number;
  column: number;
  message: string;
}

const FOREIGN: { [word: string]: string | undefined } = {
  True: 'true',
  False: 'false',
  None: 'null',
  undefined: 'null',
  NaN: 'null',
  Infinity: 'null'
};
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[A-Za-z_$][\w$]*/y;
const SPACE = /[ \t\n\r]*/y;
const DEEPEST = 2000;

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** The first fault of a text that should be JSON, or null. */
export function check(text: string, trans: TranslationBundle): IJsonFault | null {
  const fault = new Reader(text, trans).document();
  if (!fault) {
    return null;
  }
  const before = text.slice(0, fault.offset).split('\n');
  return { ...fault, line: before.length, column: before[before.length - 1].length + 1 };
}

/**
 * Valid JSON with two spaces a level. Every number and text stays as it is written: JSON.parse would
 * round what a double cannot hold.
 */
export function pretty(text: string): string {
  const tokens = text.match(TOKEN) ?? [];
  let depth = 0;
  let out = '';
  const line = () => `\n${'  '.repeat(depth)}`;
  tokens.forEach((token, i) => {
    const before = tokens[i - 1];
    if (token === '}' || token === ']') {
      depth -= 1;
      out += before === '{' || before === '[' ? token : line() + token;
    } else if (token === ',') {
      out += ',' + line();
    } else if (token === ':') {
      out += ': ';
    } else {
      out += (before === '{' || before === '[' ? line() : '') + token;
      depth += token === '{' || token === '[' ? 1 : 0;
    }
  });
  return out;
}

interface IFault {
  offset: number;
  message: string;
}

/** Reads a text once; the first fault ends it. */
class Reader {
  constructor(
    private _text: string,
    private _trans: TranslationBundle
  ) {}

  document(): IFault | null {
    try {
      this._space();
      if (this._at >= this._text.length) {
        this._fail(this._trans.__('a payload is needed; {} is an empty one'));
      }
      this._value(0);
      this._space();
      if (this._at < this._text.length) {
        this._fail(this._trans.__('%1 comes after the end of the value', this._found()));
      }
      return null;
    } catch (reason) {
      if (reason instanceof Fault) {
        return { offset: reason.offset, message: reason.message };
      }
      throw reason;
    }
  }

  private _value(depth: number): void {
    if (depth > DEEPEST) {
      this._fail(this._trans.__('more than %1 levels', DEEPEST));
    }
    this._space();
    const head = this._text[this._at];
    if (head === '{') {
      this._members(depth);
    } else if (head === '[') {
      this._elements(depth);
    } else if (head === '"') {
      this._string();
    } else if (head === "'") {
      this._fail(this._trans.__('JSON puts text in double quotes (")'));
    } else if (!this._match(NUMBER)) {
      this._word();
    }
  }

  private _word(): void {
    const start = this._at;
    const word = this._match(WORD);
    if (word === 'true' || word === 'false' || word === 'null') {
      return;
    }
    this._at = start;
    if (word) {
      this._fail(this._foreign(word));
    }
    this._fail(this._trans.__('a value is missing: found %1', this._found()));
  }

  private _foreign(word: string): string {
    const right = FOREIGN[word];
    return right
      ? this._trans.__('JSON writes %1, not %2', right, word)
      : this._trans.__('%1 is no JSON; text needs double quotes: "%1"', word);
  }

  private _members(depth: number): void {
    const open = this._at++;
    this._space();
    if (this._take('}')) {
      return;
    }
    for (;;) {
      this._space();
      if (this._text[this._at] !== '"') {
        const start = this._at;
        const word = this._match(WORD);
        this._at = start;
        this._fail(
          word
            ? this._trans.__('a key needs double quotes: "%1"', word)
            : this._text[this._at] === '}'
              ? this._trans.__('no comma after the last entry')
              : this._trans.__('a key in double quotes is missing: found %1', this._found())
        );
      }
      this._string();
      this._space();
      if (!this._take(':')) {
        this._fail(this._trans.__('a colon is missing after the key: found %1', this._found()));
      }
      this._value(depth + 1);
      this._space();
      if (this._take('}')) {
        return;
      }
      this._comma(open, '}');
    }
  }

  private _elements(depth: number): void {
    const open = this._at++;
    this._space();
    if (this._take(']')) {
      return;
    }
    for (;;) {
      this._space();
      if (this._text[this._at] === ']') {
        this._fail(this._trans.__('no comma after the last entry'));
      }
      this._value(depth + 1);
      this._space();
      if (this._take(']')) {
        return;
      }
      this._comma(open, ']');
    }
  }

  private _comma(open: number, close: string): void {
    if (this._take(',')) {
      return;
    }
    if (this._at >= this._text.length) {
      const line = this._text.slice(0, open).split('\n').length;
      this._fail(
        this._trans.__('the %1 of line %2 is never closed by %3', this._text[open], line, close)
      );
    }
    this._fail(this._trans.__('a comma or %1 is missing: found %2', close, this._found()));
  }

  private _string(): void {
    const start = this._at++;
    for (;;) {
      const one = this._text[this._at];
      if (one === undefined || one === '\n') {
        this._at = start;
        this._fail(this._trans.__('this text has no closing double quote'));
      } else if (one === '"') {
        this._at += 1;
        return;
      } else if (one === '\\') {
        this._escape();
      } else if (one < ' ') {
        this._fail(
          this._trans.__('a control character in a text; write it with a backslash: \\t, \\n')
        );
      } else {
        this._at += 1;
      }
    }
  }

  private _escape(): void {
    const next = this._text[this._at + 1];
    if (next === 'u') {
      if (!/^[0-9a-fA-F]{4}$/.test(this._text.slice(this._at + 2, this._at + 6))) {
        this._fail(this._trans.__('\\u needs four hexadecimal digits'));
      }
      this._at += 6;
    } else if (next !== undefined && '"\\/bfnrt'.includes(next)) {
      this._at += 2;
    } else {
      this._fail(
        this._trans.__(
          '%1 means nothing in JSON; a backslash is written %2',
          `\\${next ?? ''}`,
          '\\\\'
        )
      );
    }
  }

  private _space(): void {
    this._match(SPACE);
  }

  private _match(pattern: RegExp): string {
    pattern.lastIndex = this._at;
    const found = pattern.exec(this._text);
    if (!found) {
      return '';
    }
    this._at += found[0].length;
    return found[0];
  }

  private _take(one: string): boolean {
    const there = this._text[this._at] === one;
    this._at += there ? 1 : 0;
    return there;
  }

  private _found(): string {
    const one = this._text[this._at];
    return one === undefined
      ? this._trans.__('the end')
      : one === '\n'
        ? this._trans.__('the end of the line')
        : one;
  }

  private _fail(message: string): never {
    throw new Fault(this._at, message);
  }

  private _at = 0;
}

class Fault extends Error {
  constructor(
    readonly offset: number,
    message: string
  ) {
    super(message);
  }
}
