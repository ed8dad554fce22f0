import { LabIcon } from '@jupyterlab/ui-components';

export const lambdaIcon = new LabIcon({
  name: 'lambda-nb:lambda',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3 jp-icon-selectable" fill="#616161">
    <path d="M6.2 3h4.3l6.6 15h2.4v3h-4.2L11.6 12.6 7.9 21H4.4l5.5-12.2L8.7 6H6.2z"/>
  </g>
</svg>`
});
