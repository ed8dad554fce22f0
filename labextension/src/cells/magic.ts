/** The first line of a function's cell, `%%lambda NAME --option value ...`, read as Python reads it. */

import { split } from './words';

export interface IFunctionCell {
  magic: '%%lambda' | '%%cloudfront_function';
  name: string;
  runtime: string;
  /** Whether it has tests of the function, and not the function. */
  test: boolean;
  /** What is below the first line. */
  body: string;
}

const FIRST_LINE = /^\s*(%%lambda|%%cloudfront_function)[ \t]+(\S[^\n]*)/;

/** The options of `%%lambda`: those without a value, with one, with several; a test compares them. */
export const PLAIN = ['publish', 'url', 'include-body', 'no-test', 'test', 'debug', 'help'];
export const VALUED = [
  'memory',
  'timeout',
  'runtime',
  'handler',
  'role',
  'description',
  'arch',
  'ephemeral-storage',
  'mount',
  'log-format',
  'reserved',
  'alias',
  'api',
  'edge',
  'distribution'
];
/** They take one value each if the name does not come first; `requirements` takes all there are. */
export const SEVERAL = [
  'env',
  'layer',
  'file',
  'include',
  'requirements',
  'on',
  'http',
  'cors',
  'path',
  'event'
];
const FUNCTION_OPTIONS = [...PLAIN, ...VALUED, ...SEVERAL];
const VIEWER_OPTIONS = ['on', 'distribution', 'path', 'runtime', 'store', 'test', 'help'];

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_:.-]*$/;
const TYPESCRIPT =
  /^\s*(?:export\s+)?(?:interface|type|enum|declare)\s+\w+|:\s*(?:string|number|boolean|any|unknown|void|Promise<)|\bimport\s+type\b|\bas\s+const\b/m;

/** What a cell says about its function, or null for any other cell. */
export function parse(source: string): IFunctionCell | null {
  const match = FIRST_LINE.exec(source);
  if (!match) {
    return null;
  }
  const magic = match[1] as IFunctionCell['magic'];
  const words = split(match[2]).map(word => word.text);
  if (words.includes('--help') || words.includes('-h')) {
    return null;
  }
  const atViewer = magic === '%%cloudfront_function';
  const found = read(words, atViewer ? VIEWER_OPTIONS : FUNCTION_OPTIONS, atViewer);
  return NAME.test(found.name)
    ? { magic, ...found, body: source.slice(match[0].length + match.index + 1) }
    : null;
}

/** The function that a cell makes, or null for a cell of tests and any other. */
export function made(source: string): IFunctionCell | null {
  const found = parse(source);
  return found?.test ? null : found;
}

function read(
  words: string[],
  known: string[],
  atViewer: boolean
): Pick<IFunctionCell, 'name' | 'runtime' | 'test'> {
  const found = { name: '', runtime: '', test: false };
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at];
    if (!word.startsWith('--')) {
      found.name = found.name || word;
      continue;
    }
    const [given, inline] = halves(word.slice(2));
    const flag = meant(given, known);
    if (!atViewer && PLAIN.includes(flag)) {
      found.test = found.test || flag === 'test';
      // Its port may be left out only after the name.
      at += flag === 'debug' && inline === undefined && found.name === '' ? 1 : 0;
      continue;
    }
    const value = inline ?? words[at + 1] ?? '';
    if (flag === 'runtime') {
      found.runtime = value;
    }
    if (inline !== undefined) {
      continue;
    }
    const greedy = flag === 'requirements' || (atViewer && flag === 'path') || found.name !== '';
    const takes = SEVERAL.includes(flag) && greedy ? values(words, at + 1) : 1;
    at += takes;
  }
  return found;
}

/** How many words follow before the next option. */
function values(words: string[], from: number): number {
  const next = words.findIndex((word, at) => at >= from && word.startsWith('--'));
  return (next < 0 ? words.length : next) - from;
}

function halves(word: string): [string, string | undefined] {
  const sign = word.indexOf('=');
  return sign < 0 ? [word, undefined] : [word.slice(0, sign), word.slice(sign + 1)];
}

/** An option may be shortened as long as only one begins so. */
function meant(given: string, known: string[]): string {
  if (known.includes(given)) {
    return given;
  }
  const near = known.filter(name => name.startsWith(given));
  return near.length === 1 ? near[0] : given;
}

/** The MIME type to colour a cell in, or null where Python (the kernel's own) is right. */
export function mimeType(cell: IFunctionCell | null): string | null {
  if (cell === null || cell.test) {
    return null;
  }
  const { magic, runtime, body } = cell;
  if (magic === '%%cloudfront_function') {
    return 'text/javascript';
  }
  if (runtime.startsWith('nodejs')) {
    return TYPESCRIPT.test(body) ? 'text/typescript' : 'text/javascript';
  }
  if (runtime.startsWith('ruby')) {
    return 'text/x-ruby';
  }
  if (runtime.startsWith('java')) {
    return 'text/x-java';
  }
  if (runtime.startsWith('go') || runtime.startsWith('provided')) {
    // A custom runtime's cell is Go if it says so, else the program `bootstrap`, a shell script.
    return /^package main\b/m.test(body) || runtime.startsWith('go') ? 'text/x-go' : 'text/x-sh';
  }
  return null;
}

/** Whether a cell's text is that of the deployed one; spaces around lines do not count. */
export function same(source: string, deployed: string): boolean {
  return plain(source) === plain(deployed);
}

function plain(source: string): string {
  const text = source.trim();
  const end = text.indexOf('\n');
  const first = end < 0 ? text : text.slice(0, end);
  return first.trim().replace(/^(%%\w+)\s+/, '$1 ') + (end < 0 ? '' : text.slice(end));
}
