import { TranslationBundle } from '@jupyterlab/translation';

import { IFunction } from '../protocol';
import { IKernelLink } from '../tokens';
import { IFunctionCell, same } from './magic';

/** How a cell stands to its function at the endpoint. */
export interface IStanding {
  kind: 'absent' | 'live' | 'edited' | 'updating' | 'failed';
  /** On the badge, after the name. */
  words: string[];
  /** Longer, as a tooltip. */
  caption: string;
  debug: boolean;
}

/** The standing of a function's cell with this text. */
export function standing(
  link: IKernelLink | undefined,
  cell: IFunctionCell,
  source: string,
  trans: TranslationBundle
): IStanding {
  const known = link?.picture?.functions.find(one => one.name === cell.name);
  if (!link || !known || link.status === 'dead' || link.status === 'restarting') {
    return {
      kind: 'absent',
      words: [trans.__('not deployed')],
      caption: why(link, trans),
      debug: false
    };
  }
  const memory = trans.__('%1 MB', known.memory_mb);
  return { debug: known.debug, ...of(known, source, memory, trans) };
}

function of(
  known: IFunction,
  source: string,
  memory: string,
  trans: TranslationBundle
): Omit<IStanding, 'debug'> {
  if (known.state === 'Failed' || known.update === 'Failed') {
    const caption = known.state_reason || trans.__('Lambda could not take the last change.');
    return { kind: 'failed', words: [memory, trans.__('failed')], caption };
  }
  if (known.state === 'Pending' || known.update === 'InProgress') {
    const caption = trans.__('Lambda takes the change.');
    return { kind: 'updating', words: [memory, trans.__('updating')], caption };
  }
  if (known.cell !== null && !same(source, known.cell)) {
    const caption = trans.__('The function still has the code before your edit. Run the cell.');
    return { kind: 'edited', words: [memory, trans.__('edited since deployed')], caption };
  }
  return { kind: 'live', words: [memory, known.state], caption: known.arn };
}

function why(link: IKernelLink | undefined, trans: TranslationBundle): string {
  switch (link?.status) {
    case 'here':
    case 'waiting':
      return trans.__('Run the cell to make the function.');
    case 'restarting':
      return trans.__('The kernel starts.');
    case 'absent':
      return trans.__('Run %load_ext lambda_nb first.');
    default:
      return trans.__('The notebook has no kernel.');
  }
}
