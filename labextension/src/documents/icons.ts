import { LabIcon, listIcon, offlineBoltIcon, runIcon } from '@jupyterlab/ui-components';

import { lambdaIcon } from '../shared/icons';
import { Kind } from './parts';

export const icons: Record<Kind, LabIcon> = {
  invoke: runIcon,
  logs: listIcon,
  function: lambdaIcon,
  events: offlineBoltIcon
};
