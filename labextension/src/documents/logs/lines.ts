import { ILogLine } from '../../protocol';

/** `platform`: what Lambda itself writes. */
export type Level = 'error' | 'warn' | 'info' | 'debug' | 'platform';

/** A log line, read. */
export interface ILine {
  id: string;
  at: number;
  request: string;
  stream: string;
  text: string;
  level: Level;
  /** What a line of JSON holds. */
  json: object | null;
}

/** What a request's lines tell of it. */
export interface IRequest {
  id: string;
  at: number;
  lines: number;
  /** Null before its REPORT line. */
  duration_ms: number | null;
  status: 'running' | 'success' | 'error' | 'timeout';
}

const PLATFORM =
  /^(START|END|REPORT|INIT_START|INIT_REPORT|EXTENSION|TELEMETRY|LOGS|XRAY|RESTORE_)/;
const BRACKETED = /^\[(CRITICAL|FATAL|ERROR|WARN(?:ING)?|INFO|DEBUG|TRACE)\]/;
/** Node.js: time, request id, level and message between tabs. */
const TABBED = /^\S+\t\S+\t(FATAL|ERROR|WARN|INFO|DEBUG|TRACE)\t/;
const FAILURE =
  /^(Traceback \(most recent call last\)|\S*Task timed out after|\S+ \S+ Task timed out)/;
const REPORT = /^REPORT .*?\bDuration: ([\d.]+) ms/;
const REPORT_STATUS = /\bStatus: (\w+)/;

/** Read a line: its level, and its JSON if it is some. */
export function read(line: ILogLine): ILine {
  const text = line.message.replace(/\s+$/, '');
  const json = parse(text);
  return {
    id: line.id,
    at: line.at,
    request: line.request_id,
    stream: line.stream,
    text,
    level: json ? levelOf(json) : level(text),
    json
  };
}

/** The request of a line, before any line of it was taken in. */
export function begun({ request, at }: ILine): IRequest {
  return { id: request, at, lines: 0, duration_ms: null, status: 'running' };
}

/** Take one more line into what is known of its request. */
export function tell(told: IRequest, line: ILine): IRequest {
  const [duration_ms, status] = report(line);
  const failed = told.status === 'error' || told.status === 'timeout';
  return {
    ...told,
    at: Math.min(told.at, line.at),
    lines: told.lines + 1,
    duration_ms: duration_ms ?? told.duration_ms,
    status: failed ? told.status : (status ?? told.status)
  };
}

function report(line: ILine): [number | null, IRequest['status'] | null] {
  const found = REPORT.exec(line.text);
  if (found) {
    return [Number(found[1]), ended(REPORT_STATUS.exec(line.text)?.[1] ?? 'success')];
  }
  const { type, record } = (line.json ?? {}) as {
    type?: string;
    record?: { status?: string; metrics?: { durationMs?: number } };
  };
  if (type === 'platform.report') {
    return [record?.metrics?.durationMs ?? null, ended(record?.status ?? 'success')];
  }
  return [
    null,
    line.level === 'error' ? (/timed out/.test(line.text) ? 'timeout' : 'error') : null
  ];
}

function ended(status: string): IRequest['status'] {
  return status === 'success' || status === 'timeout' ? status : 'error';
}

function parse(text: string): object | null {
  if (text[0] !== '{' || text[text.length - 1] !== '}') {
    return null;
  }
  try {
    return JSON.parse(text) as object;
  } catch {
    return null;
  }
}

function level(text: string): Level {
  if (PLATFORM.test(text)) {
    return /\bStatus: (error|timeout|failure)/.test(text) ? 'error' : 'platform';
  }
  const named = BRACKETED.exec(text) ?? TABBED.exec(text);
  return named ? byName(named[1]) : FAILURE.test(text) ? 'error' : 'info';
}

function levelOf(json: object): Level {
  const { level, type, record } = json as {
    level?: unknown;
    type?: unknown;
    record?: { status?: string };
  };
  if (typeof type === 'string' && type.startsWith('platform.')) {
    return record?.status && record.status !== 'success' ? 'error' : 'platform';
  }
  return typeof level === 'string' ? byName(level) : 'info';
}

function byName(name: string): Level {
  const word = name.toUpperCase();
  if (word === 'CRITICAL' || word === 'FATAL' || word === 'ERROR') {
    return 'error';
  }
  return word.startsWith('WARN') ? 'warn' : word === 'DEBUG' || word === 'TRACE' ? 'debug' : 'info';
}
