import { TranslationBundle } from '@jupyterlab/translation';

import { Subject } from './subject';

/** What stands in the way of a document, and what to do about it. */
export interface IObstacle {
  text: string;
  /** Whether it is a fault, not only a moment to wait for. */
  fault: boolean;
  /** What a button may do. */
  remedy?: 'open-notebook' | 'go-to-cell';
}

/** The words for a function that cannot be reached, or null if it can. */
export function obstacle(subject: Subject, trans: TranslationBundle): IObstacle | null {
  const { name, path } = subject;
  switch (subject.reach) {
    case 'here':
      return null;
    case 'closed':
      return {
        text: trans.__('The notebook %1 is not open. Open it to reach %2.', path, name),
        fault: false,
        remedy: 'open-notebook'
      };
    case 'absent':
      return {
        text: trans.__(
          'The kernel of %1 has not loaded lambda_nb. Run %%load_ext lambda_nb there.',
          path
        ),
        fault: false
      };
    case 'restarting':
      return { text: trans.__('The kernel of %1 is starting.', path), fault: false };
    case 'dead':
      return {
        text: trans.__('The notebook %1 has no kernel. Start one by its Kernel menu.', path),
        fault: true
      };
    case 'waiting':
      return {
        text: trans.__(
          'A cell of %1 runs. Its ipykernel cannot do two things at once, so what you ask for comes after the cell. ipykernel 7 can.',
          path
        ),
        fault: false
      };
    case 'connecting':
      return { text: trans.__('Waiting for the kernel of %1.', path), fault: false };
    case 'unused':
      return {
        text: trans.__('%1 has no functions yet. Run the cell that makes %2.', path, name),
        fault: false,
        remedy: 'go-to-cell'
      };
    case 'lost':
      return {
        text: trans.__(
          'The engine of %1 ended. The next use of a function in the notebook starts it again with all that it had.',
          path
        ),
        fault: true
      };
    case 'silent':
      return {
        text: subject.link?.picture?.error ?? trans.__('The endpoint does not answer.'),
        fault: true
      };
    case 'missing':
      return {
        text: trans.__('There is no function %1 here. Run the cell that makes it.', name),
        fault: true,
        remedy: 'go-to-cell'
      };
  }
}
