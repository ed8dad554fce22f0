/** The option `--debug` in the first line of a function's cell. */

import { made } from '../cells/magic';

const OPTION = /[ \t]+--debug(?:(?:=|[ \t]+)\d+)?(?=[ \t]|$)/;
const NAME_FIRST = /^\s*%%lambda[ \t]+[^-\s]\S*/;

/** Whether the cell asks for a debugger. */
export function asksForDebugger(source: string): boolean {
  return OPTION.test(firstLine(source));
}

/** The cell with `--debug`; it stays as it is if it has it. */
export function withDebugger(source: string): string {
  const line = firstLine(source);
  if (OPTION.test(line)) {
    return source;
  }
  const named = NAME_FIRST.exec(line);
  // Its value may be left out only after the name.
  const changed = named
    ? `${named[0]} --debug${line.slice(named[0].length)}`
    : `${line.trimEnd()} --debug 1`;
  return changed + source.slice(line.length);
}

/** The cell without `--debug`. */
export function withoutDebugger(source: string): string {
  const line = firstLine(source);
  return line.replace(OPTION, '') + source.slice(line.length);
}

/** Whether a cell makes this function. */
export function makes(source: string, name: string): boolean {
  const found = made(source);
  return found?.magic === '%%lambda' && found.name === name;
}

function firstLine(source: string): string {
  const end = source.indexOf('\n');
  return end < 0 ? source : source.slice(0, end);
}
