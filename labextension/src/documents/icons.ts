import { LabIcon, listIcon, offlineBoltIcon, runIcon } from '@jupyterlab/ui-components';

import { Kind } from './parts';

const lambda = new LabIcon({
  name: 'lambda-nb:function',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">' +
    '<path class="jp-icon3" fill="#616161" d="M7 3h5l5.6 14.2 1.6-.6 1 2.6-4.4 1.8L11 9.4 6.6 21H3.4' +
    'l6-15.1-.1-.3H7z"/></svg>'
});

export const icons: Record<Kind, LabIcon> = {
  invoke: runIcon,
  logs: listIcon,
  function: lambda,
  events: offlineBoltIcon
};
