/**
 * What the page and a kernel say to each other. `lambda_nb/notebook/workbench/` is the other side.
 *
 * Two comms join them. The page opens `lambda_nb.panel` and the kernel never sends on it: ipykernel
 * answers a comm in the shell that last sent on it, and that must not be the shell of a busy cell.
 * The kernel opens `lambda_nb.events`, which reaches every page of the kernel.
 *
 * Times are milliseconds since 1970 (`..._at`) or durations in the unit of the name (`..._ms`, `..._s`).
 */

import { JSONObject } from '@lumino/coreutils';

/** From the kernel to the pages. */
export const EVENTS = 'lambda_nb.events';
/** From a page to the kernel. */
export const PANEL = 'lambda_nb.panel';

/** On `lambda_nb.panel`. `id` counts up in its page; `page` names the page among those of a kernel. */
export interface IRequest {
  id: number;
  page: string;
  action: string;
  args: JSONObject;
}

/** On `lambda_nb.events`. */
export type IMessage =
  /** `subshells`: whether it reads comms while a cell runs; a busy kernel does not tell otherwise. */
  | { kind: 'hello'; session: string; subshells?: boolean }
  /** lambda_nb was unloaded. */
  | { kind: 'bye'; session: string }
  | { kind: 'picture'; session: string; picture: IPicture }
  | { kind: 'reply'; page: string; id: number; value: unknown }
  | { kind: 'reply'; page: string; id: number; error: IFault }
  /** What a watch found; `id` is that of the request which began the watch. */
  | { kind: 'push'; page: string; id: number; value: unknown };

/** Why something could not be done, in words for a user. `type` is AWS's code, if it has one. */
export interface IFault {
  type: string;
  message: string;
}

// --- the picture: pushed whenever it changes ---

export interface IPicture {
  /** Empty until the first use of a function. */
  endpoint: string;
  region: string;
  account: string;
  /** `own`: the notebook's engine. `engine`: another engine. `aws`: real money. `other`: neither. */
  place: 'none' | 'own' | 'engine' | 'aws' | 'other';
  /** Why the endpoint does not answer; empty if it does. The rest is then as last seen. */
  error: string;
  /** Whether this kernel's own engine ended by itself. */
  lost: boolean;
  functions: IFunction[];
  layers: ILayer[];
  queues: IQueue[];
  streams: IStream[];
  tables: ITable[];
  buckets: IBucket[];
  topics: ITopic[];
  apis: IApi[];
  distributions: IDistribution[];
  stacks: IStack[];
}

export interface IEnvironments {
  running: number;
  initialising: number;
  idle: number;
}

export interface IFunction {
  name: string;
  arn: string;
  runtime: string;
  handler: string;
  memory_mb: number;
  timeout_s: number;
  architecture: string;
  description: string;
  code_sha256: string;
  state: string;
  state_reason: string;
  update: string;
  modified_at: number;
  /** Null where nobody tells (AWS). */
  environments: IEnvironments | null;
  /** Of the last minute, whoever invoked it. */
  invocations: number;
  errors: number;
  throttles: number;
  cold: number | null;
  median_ms: number | null;
  /** The latest invocation made from this notebook. */
  last: { status: string; duration_ms: number | null; start: string; at: number } | null;
  /** The text of the cell that this notebook deployed it from, without trailing spaces; else null. */
  cell: string | null;
  /** Whether its handler runs under a debugger. */
  debug: boolean;
}

export interface ILayer {
  name: string;
  version: number;
  arn: string;
  runtimes: string[];
  description: string;
}

export interface IQueue {
  name: string;
  url: string;
  arn: string;
  visible: number;
  in_flight: number;
  delayed: number;
  /** The queues, and functions, whose dead letters come here. */
  dead_letters_of: string[];
}

export interface IStream {
  name: string;
  arn: string;
  kind: 'kinesis' | 'dynamodb';
  shards: number;
  /** Of the function that is furthest behind; null if none reads it or nobody tells. */
  iterator_age_ms: number | null;
}

export interface ITable {
  name: string;
  items: number;
  stream_arn: string;
}

export interface IBucket {
  name: string;
  objects: number;
  /** Whether there are more objects than were counted. */
  more: boolean;
}

export interface ITopic {
  name: string;
  arn: string;
  subscriptions: number;
}

export interface IApi {
  id: string;
  name: string;
  kind: 'http' | 'websocket' | 'rest';
  address: string;
}

export interface IDistribution {
  id: string;
  name: string;
  address: string;
  status: string;
}

export interface IStack {
  name: string;
  status: string;
}

// --- what actions take and give ---

/** `details`: what the tree shows below a function. */
export interface IDetails {
  versions: { version: string; description: string; code_sha256: string; modified_at: number }[];
  aliases: IAlias[];
  layers: string[];
  sources: ISource[];
  url: string;
  apis: { api: string; route: string; address: string }[];
  dead_letter_arn: string;
  reserved: number | null;
}

export interface IAlias {
  name: string;
  version: string;
  description: string;
  /** Shares of further versions, 0 to 1: `{"3": 0.1}`. */
  weights: { [version: string]: number };
}

export interface ISource {
  /** Of an event source mapping; empty for what pushes. */
  uuid: string;
  /** `sqs`, `kinesis`, `dynamodb`, `s3`, `sns`, `events`, `logs`, `iot`, ... */
  service: string;
  name: string;
  arn: string;
  state: string;
}

/** `invoke`: one invocation from the payload editor. */
export interface IResult {
  status: 'success' | 'error' | 'accepted' | 'throttled';
  request_id: string;
  version: string;
  /** Pretty JSON, or text that is no JSON. */
  payload: string;
  error: { type: string; message: string; frames: string } | null;
  log: string;
  start: string;
  duration_ms: number | null;
  billed_ms: number | null;
  init_ms: number | null;
  memory_mb: number | null;
  max_memory_mb: number | null;
  /** Dollars, without the free tier. */
  cost: number | null;
  at: number;
}

/** `samples`: what `lambda_nb.event` can make. */
export interface ISample {
  source: string;
  title: string;
}

/** `events`: what reached a function, the latest first. */
export interface IEvent {
  request_id: string;
  at: number;
  /** In words: `s3 pictures/cat.jpg`. */
  origin: string;
  payload: string;
  response: string;
  status: string;
  start: string;
  duration_ms: number | null;
}

/** `settings` and `update_settings`; only those that are given change. */
export interface ISettings {
  memory_mb: number;
  timeout_s: number;
  ephemeral_storage_mb: number;
  description: string;
  handler: string;
  runtime: string;
  environment: { [key: string]: string };
  layers: string[];
  log_format: 'Text' | 'JSON';
  reserved: number | null;
}

/** `watch_logs` pushes lists of these. */
export interface ILogLine {
  id: string;
  at: number;
  function: string;
  stream: string;
  request_id: string;
  message: string;
}

/** `watch_activity` pushes one of these whenever something changed; times of the last `window_s`. */
export interface IActivity {
  now: number;
  window_s: number;
  /** One row a living or recent environment, oldest first. */
  environments: {
    id: string;
    version: string;
    began_at: number;
    /** Null while it lives. */
    ended_at: number | null;
    state: 'initialising' | 'running' | 'idle' | 'gone';
  }[];
  /** One row an attempt, by arrival. */
  invocations: {
    request_id: string;
    environment: string;
    version: string;
    at: number;
    init_ms: number;
    duration_ms: number;
    billed_ms: number;
    max_memory_mb: number | null;
    status: 'success' | 'error' | 'timeout' | 'throttled';
    start: string;
  }[];
  memory_mb: number;
  summary: {
    invocations: number;
    errors: number;
    throttles: number;
    cold: number;
    p50_ms: number | null;
    p99_ms: number | null;
    max_memory_mb: number | null;
    /** Dollars for a million invocations like these; null without any. */
    cost_per_million: number | null;
  };
}

/** `tune` pushes one after each memory size, and the last with `best`. */
export interface ITuning {
  done: number;
  of: number;
  rows: { memory_mb: number; duration_ms: number; cost_per_million: number }[];
  best: number | null;
  words: string;
}

/** `options`: an option of a magic, or a command of `%lambda`. */
export interface IOption {
  magic: '%%lambda' | '%%cloudfront_function' | '%lambda';
  /** `--memory`; empty for the name; `logs` for a command of `%lambda`. */
  flag: string;
  metavar: string;
  help: string;
  choices: string[];
  several: boolean;
}

/** `check`: what is wrong with the Python of a function cell; lines from 1, columns from 0. */
export interface IProblem {
  line: number;
  column: number;
  end_column: number;
  severity: 'error' | 'warning';
  message: string;
}

/** What a page may ask a kernel for: `action: [arguments, value]`. */
export interface IActions {
  refresh: [Record<string, never>, null];
  details: [{ name: string }, IDetails];
  invoke: [{ name: string; qualifier?: string; payload: string; asynchronous?: boolean }, IResult];
  samples: [Record<string, never>, ISample[]];
  sample: [{ source: string }, string];
  events: [{ name: string; last?: string }, IEvent[]];
  settings: [{ name: string }, ISettings];
  update_settings: [{ name: string; settings: Partial<ISettings> }, ISettings];
  publish: [{ name: string; description?: string }, { version: string }];
  put_alias: [
    {
      name: string;
      alias: string;
      version: string;
      weights?: { [version: string]: number };
      /** Left out: it stays as it is. */
      description?: string;
    },
    IAlias
  ];
  delete_alias: [{ name: string; alias: string }, null];
  /** `undo` takes the token that a deletion gives, as long as the kernel lives. */
  delete: [{ name: string; qualifier?: string }, { undo: string; lost: string }];
  undo: [{ undo: string }, null];
  url: [{ name: string; qualifier?: string }, { url: string }];
  peek: [{ url: string }, { body: string; attributes: { [key: string]: string } }[]];
  redrive: [{ url: string }, { moved: number; to: string[] }];
  copy_as: [
    {
      name: string;
      form: 'boto3' | 'cli' | 'terraform';
      what: 'function' | 'invoke';
      payload?: string;
    },
    string
  ];
  options: [Record<string, never>, IOption[]];
  check: [{ source: string }, IProblem[]];
  /** A page with watches says every 30 s that it is there; after 180 s of silence its watches end. */
  alive: [Record<string, never>, null];
  /** Watches push until `stop`; their reply, null, comes at their end. */
  watch_logs: [{ name: string; last?: string }, null];
  watch_activity: [{ name: string; window_s?: number }, null];
  tune: [{ name: string; payload: string; memories?: number[] }, ITuning];
  stop: [{ id: number }, null];
}

export type Action = keyof IActions;
