import { JupyterFrontEnd } from '@jupyterlab/application';
import { caretRightIcon, LabIcon, listIcon, runIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import { ReactNode } from 'react';

import { IEnvironments } from '../protocol';
import { CommandIDs } from '../tokens';
import { INode } from './nodes';

/** More squares than these are told by a number. */
const MOST_SQUARES = 12;

const ICONS: { [command: string]: LabIcon | undefined } = {
  [CommandIDs.invoke]: runIcon,
  [CommandIDs.logs]: listIcon
};

interface IRowProps {
  node: INode;
  isOpen: boolean;
  filter: string;
  commands: JupyterFrontEnd['commands'];
  trans: TranslationBundle;
}

/** What is seen of one row; the tree item around it has its name and its place. */
export function Row({ node, isOpen, filter, commands, trans }: IRowProps) {
  const isMessage = node.kind === 'message';
  return (
    <div className="lnb-row" title={tooltip(node)}>
      <span className="lnb-caret" data-open={isOpen} aria-hidden>
        {node.children && <caretRightIcon.react tag="span" width="14px" />}
      </span>
      {node.mark && <span className={`lnb-mark lnb-mark-${node.mark}`} aria-hidden />}
      <span className="lnb-words">
        <span className="lnb-first">
          <span className="lnb-label">
            {isMessage ? withCode(node.label) : highlighted(node.label, filter)}
          </span>
          {node.tag && <span className="lnb-tag">{node.tag}</span>}
          {node.environments && <Squares environments={node.environments} trans={trans} />}
        </span>
        {node.detail && <span className="lnb-detail">{node.detail}</span>}
      </span>
      {node.buttons && (
        <span className="lnb-buttons">
          {node.buttons
            .filter(call => commands.hasCommand(call.command))
            .map(call => {
              const label = commands.label(call.command, call.args);
              const Icon = ICONS[call.command]?.react;
              return (
                // The same is in the row's menu, which the keyboard reaches.
                <button
                  key={call.command}
                  type="button"
                  className="lnb-button"
                  tabIndex={-1}
                  title={label}
                  aria-label={`${label}: ${node.label}`}
                  onClick={event => {
                    event.stopPropagation();
                    void commands.execute(call.command, call.args);
                  }}
                >
                  {Icon ? <Icon tag="span" width="16px" /> : label}
                </button>
              );
            })}
        </span>
      )}
    </div>
  );
}

function Squares({
  environments,
  trans
}: {
  environments: IEnvironments;
  trans: TranslationBundle;
}) {
  const states = [
    ...Array<string>(environments.running).fill('running'),
    ...Array<string>(environments.initialising).fill('initialising'),
    ...Array<string>(environments.idle).fill('idle')
  ];
  if (states.length === 0) {
    return null;
  }
  const more = states.length - MOST_SQUARES;
  return (
    <span className="lnb-squares" title={environmentWords(trans, environments)} aria-hidden>
      {states.slice(0, MOST_SQUARES).map((state, index) => (
        <span key={index} className={`lnb-square lnb-square-${state}`} />
      ))}
      {more > 0 && <span className="lnb-more">+{more}</span>}
    </span>
  );
}

/** `2 running, 1 idle`. */
export function environmentWords(trans: TranslationBundle, environments: IEnvironments): string {
  return [
    environments.running ? trans.__('%1 running', environments.running) : '',
    environments.initialising ? trans.__('%1 initialising', environments.initialising) : '',
    environments.idle ? trans.__('%1 idle', environments.idle) : ''
  ]
    .filter(Boolean)
    .join(', ');
}

/** All of a row in words, for screen readers. */
export function rowWords(node: INode, trans: TranslationBundle): string {
  const environments = node.environments ? environmentWords(trans, node.environments) : '';
  return [
    node.label.replace(/`/g, ''),
    kindWords(node, trans),
    node.markWords,
    node.tag,
    environments && trans.__('environments: %1', environments),
    node.detail.replace(/→/g, trans.__('to'))
  ]
    .filter(Boolean)
    .join(', ');
}

function kindWords(node: INode, trans: TranslationBundle): string {
  switch (node.kind) {
    case 'notebook':
      return trans.__('notebook');
    case 'function':
      return trans.__('function');
    case 'version':
      return trans.__('version');
    case 'alias':
      return trans.__('alias');
    default:
      return '';
  }
}

function tooltip(node: INode): string {
  const what = [node.label.replace(/`/g, ''), node.markWords].filter(Boolean).join(': ');
  return [what, node.detail].filter(Boolean).join('\n');
}

/** Words between backticks are code. */
function withCode(words: string): ReactNode {
  return words
    .split('`')
    .map((part, index) => (index % 2 ? <code key={index}>{part}</code> : part));
}

function highlighted(label: string, filter: string): ReactNode {
  const word = filter
    .split(/\s+/)
    .find(one => one && label.toLowerCase().includes(one.toLowerCase()));
  if (!word) {
    return label;
  }
  const at = label.toLowerCase().indexOf(word.toLowerCase());
  return (
    <>
      {label.slice(0, at)}
      <mark>{label.slice(at, at + word.length)}</mark>
      {label.slice(at + word.length)}
    </>
  );
}
