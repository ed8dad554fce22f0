import { ILine } from './lines';

/** What is looked for in the lines. */
export interface ISearch {
  text: string;
  regex: boolean;
  /** Whether large and small letters differ. */
  exact: boolean;
}

/** A part of a line's text, found or not. */
export interface IPart {
  text: string;
  found: boolean;
}

/** The pattern of a search, null for an empty one; throws a SyntaxError for a regex that is none. */
export function pattern(search: ISearch): RegExp | null {
  if (!search.text) {
    return null;
  }
  const source = search.regex ? search.text : search.text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(source, search.exact ? 'g' : 'gi');
}

/** Whether the line has what is looked for, in its text or in its request id. */
export function matches(line: ILine, wanted: RegExp): boolean {
  wanted.lastIndex = 0;
  if (wanted.test(line.text)) {
    return true;
  }
  wanted.lastIndex = 0;
  return wanted.test(line.request);
}

/** The text in parts, those that match apart. */
export function parts(text: string, wanted: RegExp): IPart[] {
  const out: IPart[] = [];
  let end = 0;
  for (const match of text.matchAll(wanted)) {
    if (match[0] === '') {
      continue;
    }
    out.push({ text: text.slice(end, match.index), found: false }, { text: match[0], found: true });
    end = (match.index ?? 0) + match[0].length;
  }
  out.push({ text: text.slice(end), found: false });
  return out.filter(part => part.text !== '');
}
