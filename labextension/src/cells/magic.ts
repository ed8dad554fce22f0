/** The first line of a function cell, `%%lambda NAME --option value ...`, read by its words. */

export interface IFunctionCell {
  name: string;
  runtime: string;
  memory: string;
}

const FIRST_LINE = /^\s*%%lambda\s+([A-Za-z0-9_][A-Za-z0-9_-]*)([^\n]*)/;

const MIME_TYPES: [prefix: string, mimeType: string][] = [
  ['nodejs', 'text/javascript'],
  ['ruby', 'text/x-ruby'],
  ['java', 'text/x-java'],
  ['go', 'text/x-go'],
  ['provided', 'text/x-sh']
];

/** The runtimes offered by completion after `--runtime`; a test compares them with the rules' table. */
export const RUNTIMES = [
  'python3.15',
  'python3.14',
  'python3.13',
  'python3.12',
  'python3.11',
  'nodejs26.x',
  'nodejs24.x',
  'nodejs22.x',
  'ruby4.0',
  'ruby3.4',
  'ruby3.3',
  'java25',
  'java21',
  'java17',
  'java11',
  'provided.al2023'
];

/** What a cell says about its function, or null for any other cell. */
export function parse(source: string): IFunctionCell | null {
  const match = FIRST_LINE.exec(source);
  if (!match) {
    return null;
  }
  return {
    name: match[1],
    runtime: option(match[2], 'runtime'),
    memory: option(match[2], 'memory')
  };
}

/** The MIME type to colour a cell in, or null where Python (the kernel's own) is right. */
export function mimeType(cell: IFunctionCell | null): string | null {
  const found = MIME_TYPES.find(([prefix]) => cell?.runtime.startsWith(prefix));
  return found ? found[1] : null;
}

function option(words: string, name: string): string {
  const match = new RegExp(`--${name}[=\\s]+(\\S+)`).exec(words);
  return match ? match[1] : '';
}
