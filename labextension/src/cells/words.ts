/** A word of a line as a shell reads it, and where it stands. */
export interface IWord {
  /** Without quotes. */
  text: string;
  start: number;
  end: number;
}

/** The words of a line, as Python's `shlex` splits it; a quote that is still open ends with the line. */
export function split(line: string): IWord[] {
  const words: IWord[] = [];
  let at = 0;
  while (at < line.length) {
    if (/\s/.test(line[at])) {
      at += 1;
      continue;
    }
    const start = at;
    let text = '';
    let quote = '';
    for (; at < line.length && (quote || !/\s/.test(line[at])); at += 1) {
      const sign = line[at];
      if (quote) {
        if (sign === quote) {
          quote = '';
        } else if (sign === '\\' && quote === '"' && /["\\]/.test(line[at + 1] ?? '')) {
          text += line[++at];
        } else {
          text += sign;
        }
      } else if (sign === '"' || sign === "'") {
        quote = sign;
      } else if (sign === '\\') {
        text += line[++at] ?? '';
      } else {
        text += sign;
      }
    }
    words.push({ text, start, end: Math.min(at, line.length) });
  }
  return words;
}
