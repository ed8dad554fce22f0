import { TranslationBundle } from '@jupyterlab/translation';

import { IFunction, IPicture } from '../protocol';
import { duration } from '../shared/figures';
import { IKernelLink } from '../tokens';
import { Group, Mark } from './nodes';

export function groupWords(trans: TranslationBundle, group: Group): string {
  return {
    functions: trans.__('Functions'),
    queues: trans.__('Queues'),
    streams: trans.__('Streams'),
    tables: trans.__('Tables'),
    buckets: trans.__('Buckets'),
    topics: trans.__('Topics'),
    apis: trans.__('APIs'),
    distributions: trans.__('Distributions'),
    layers: trans.__('Layers'),
    stacks: trans.__('Stacks')
  }[group];
}

/** Where a notebook's functions are. */
export function placeWords(trans: TranslationBundle, picture: IPicture): string {
  switch (picture.place) {
    case 'none':
      return picture.lost ? trans.__('engine ended') : trans.__('no engine yet');
    case 'own':
      return trans.__('own engine, %1', picture.region);
    case 'engine':
      return trans.__('engine at %1, %2', picture.endpoint, picture.region);
    case 'aws':
      return picture.account
        ? trans.__('AWS account %1, %2: costs money', picture.account, picture.region)
        : trans.__('AWS, %1: costs money', picture.region);
    case 'other':
      return trans.__('%1, %2', picture.endpoint, picture.region);
  }
}

export function kernelWords(trans: TranslationBundle, link: IKernelLink): string {
  switch (link.context.kernelDisplayStatus) {
    case 'idle':
    case 'busy':
    case 'unknown':
      if (link.status === 'dead') {
        return trans.__('no kernel');
      }
      return link.isBusy ? trans.__('kernel busy') : trans.__('kernel idle');
    case 'starting':
    case 'initializing':
      return trans.__('kernel starting');
    case 'restarting':
    case 'autorestarting':
      return trans.__('kernel restarting');
    case 'dead':
    case 'terminating':
      return trans.__('kernel ended');
    case 'connecting':
    case 'disconnected':
      return trans.__('no connection to the server');
    default:
      return '';
  }
}

/** What is to say about the kernel before, or in the place of, what it has; empty if all is well. */
export function linkMessage(trans: TranslationBundle, link: IKernelLink): string {
  const status = link.context.kernelDisplayStatus;
  switch (link.status) {
    case 'restarting':
      return status === 'starting' || status === 'initializing'
        ? trans.__('The kernel is starting.')
        : trans.__(
            'The kernel is restarting. `%load_ext lambda_nb` then offers what the last kernel left.'
          );
    case 'dead':
      return status === 'dead' || status === 'terminating'
        ? trans.__('The kernel has ended. Choose Kernel > Restart Kernel.')
        : trans.__('This notebook has no kernel. Choose Kernel > Change Kernel.');
    case 'absent':
      return link.isBusy
        ? trans.__(
            'The kernel is busy and has told nothing of lambda_nb yet. If it is not loaded, run `%load_ext lambda_nb` after the current cell.'
          )
        : trans.__('This kernel has not loaded lambda_nb. Run `%load_ext lambda_nb` in a cell.');
    case 'waiting':
      return trans.__('The kernel is busy. What you ask for will run after the current cell.');
    case 'here':
      return '';
  }
}

/** What is to say about the engine or AWS; empty if all is well. */
export function pictureMessage(trans: TranslationBundle, picture: IPicture): string {
  if (picture.lost) {
    return trans.__(
      'The engine ended. The next use of a function starts it again with all that it had.'
    );
  }
  if (picture.error) {
    return picture.error;
  }
  if (picture.functions.length === 0) {
    return trans.__('No function yet. Run a cell that begins with `%%%%lambda NAME`.');
  }
  return '';
}

export function functionMark(
  trans: TranslationBundle,
  one: IFunction
): { mark: Mark; words: string } {
  if (one.state === 'Failed' || one.update === 'Failed') {
    return {
      mark: 'bad',
      words: one.state_reason ? trans.__('failed: %1', one.state_reason) : trans.__('failed')
    };
  }
  if (one.update === 'InProgress') {
    return { mark: 'moving', words: trans.__('updating') };
  }
  switch (one.state) {
    case 'Pending':
      return { mark: 'moving', words: trans.__('being made') };
    case 'Inactive':
      return { mark: 'off', words: trans.__('inactive') };
    default:
      return { mark: 'good', words: trans.__('active') };
  }
}

/** The figures of the last minute, in as few words as tell them. */
export function lastMinute(trans: TranslationBundle, one: IFunction): string {
  if (one.invocations === 0 && one.throttles === 0) {
    return '';
  }
  return [
    trans.__('%1 in the last minute', one.invocations.toLocaleString()),
    one.errors > 0 ? trans._n('%1 error', '%1 errors', one.errors) : '',
    one.throttles > 0 ? trans._n('%1 throttle', '%1 throttles', one.throttles) : '',
    one.cold !== null && one.cold > 0 ? trans.__('%1 cold', one.cold) : '',
    one.median_ms !== null ? duration(one.median_ms) : ''
  ]
    .filter(Boolean)
    .join(' · ');
}
