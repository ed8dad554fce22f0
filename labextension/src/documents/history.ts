import { IStateDB } from '@jupyterlab/statedb';
import { ReadonlyPartialJSONValue } from '@lumino/coreutils';

import { IResult } from '../protocol';

/** One invocation from the payload editor. */
export interface IRun {
  id: number;
  at: number;
  qualifier: string;
  asynchronous: boolean;
  payload: string;
  /** `lost`: the page went before the answer came. */
  state: 'running' | 'done' | 'failed' | 'lost';
  result: IResult | null;
  /** Why it was not carried out. */
  fault: string;
}

/** What is kept of a function's payload editor. */
export interface IKept {
  draft: string;
  qualifier: string;
  asynchronous: boolean;
  runs: IRun[];
}

export const NOTHING: IKept = { draft: '{}', qualifier: '', asynchronous: false, runs: [] };

/** Runs kept for a function, and characters of one run. The state database is one file a workspace. */
const MOST_RUNS = 30;
const MOST_CHARACTERS = 60_000;

/** Keeps histories in the page's state database, one entry a function. */
export class History {
  constructor(private _state: IStateDB | null) {}

  async load(path: string, name: string): Promise<IKept> {
    const kept = (await this._state?.fetch(key(path, name))) as Partial<IKept> | undefined;
    const runs = (kept?.runs ?? []).map(run =>
      run.state === 'running' ? { ...run, state: 'lost' as const } : run
    );
    return { ...NOTHING, ...kept, runs };
  }

  async save(path: string, name: string, kept: IKept): Promise<void> {
    const value: IKept = {
      ...kept,
      draft: kept.draft.length > MOST_CHARACTERS ? NOTHING.draft : kept.draft,
      runs: bounded(kept.runs).filter(run => size(run) <= MOST_CHARACTERS)
    };
    await this._state?.save(key(path, name), value as unknown as ReadonlyPartialJSONValue);
  }
}

/** The latest runs, the latest first. */
export function bounded(runs: readonly IRun[]): IRun[] {
  return runs.slice(0, MOST_RUNS);
}

function size(run: IRun): number {
  return run.payload.length + (run.result?.payload.length ?? 0) + (run.result?.log.length ?? 0);
}

function key(path: string, name: string): string {
  return `lambda-nb:runs:${path}:${name}`;
}
