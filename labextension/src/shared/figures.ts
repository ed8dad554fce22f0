/** Figures as people read them. */

import { IAlias } from '../protocol';

/** `12 ms`, `1.25 s`, `2 min 5 s`; an empty text for null. */
export function duration(ms: number | null): string {
  if (ms === null) {
    return '';
  }
  if (ms < 10) {
    return `${trim(ms.toFixed(1))} ms`;
  }
  if (ms < 1000) {
    return `${Math.round(ms)} ms`;
  }
  if (ms < 60_000) {
    return `${trim((ms / 1000).toFixed(2))} s`;
  }
  const seconds = Math.round(ms / 1000);
  const rest = seconds % 60;
  return rest ? `${Math.floor(seconds / 60)} min ${rest} s` : `${seconds / 60} min`;
}

/** Dollars with three significant digits: `$0.00000213`, `$4.27`, `$1,250`. */
export function dollars(amount: number): string {
  if (amount === 0) {
    return '$0';
  }
  const decimals = Math.max(amount < 1000 ? 2 : 0, 2 - Math.floor(Math.log10(amount)));
  return `$${amount.toLocaleString('en-US', {
    minimumFractionDigits: Math.min(2, decimals),
    maximumFractionDigits: Math.min(12, decimals)
  })}`;
}

/** A number with its thousands apart. */
export function count(number: number): string {
  return number.toLocaleString('en-US');
}

/** `14:03:12`, or `14:03:12.345` with `fine`; of another day with its date. */
export function clock(at: number, utc = false, fine = false): string {
  const when = new Date(at);
  const iso = utc
    ? when.toISOString()
    : new Date(at - when.getTimezoneOffset() * 60_000).toISOString();
  const today = utc
    ? new Date().toISOString()
    : new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString();
  const time = iso.slice(11, fine ? 23 : 19);
  return iso.slice(0, 10) === today.slice(0, 10) ? time : `${iso.slice(0, 10)} ${time}`;
}

/** The first characters of a text on one line. */
export function brief(text: string, most = 80): string {
  const line = text
    .slice(0, 4 * most)
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

/** A share, 0 to 1, as a percentage without the noise of floating point. */
export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

/** Where an alias leads: `3`, or with shares `3 (90 %)` and `4 (10 %)`. */
export function routes(alias: IAlias): string[] {
  const others = Object.entries(alias.weights);
  if (others.length === 0) {
    return [alias.version];
  }
  const rest = others.reduce((left, [, share]) => left - share, 1);
  return [[alias.version, rest] as const, ...others].map(
    ([version, share]) => `${version} (${percent(share)})`
  );
}

function trim(digits: string): string {
  return digits.replace(/\.?0+$/, '');
}
