import { TranslationBundle } from '@jupyterlab/translation';

import { IAlias, IDetails, IFunction, ISource } from '../protocol';
import { routes } from '../shared/figures';
import { ICall, MenuEntry } from '../shared/menu';
import { CommandIDs, IKernelLink } from '../tokens';
import * as ids from './commands/ids';
import { INode } from './nodes';
import { functionMark, lastMinute } from './words';

/** What is known of a function's details: they are asked for when its row is expanded. */
export interface IKnown {
  value: IDetails | null;
  error: string;
}

/** A function, and below it what `details` tells. */
export function functionNode(
  trans: TranslationBundle,
  link: IKernelLink,
  one: IFunction,
  known: (one: IFunction) => IKnown | undefined
): INode {
  const args = { path: link.path, name: one.name };
  const key = `${link.path}|function|${one.name}`;
  const { mark, words } = functionMark(trans, one);
  const figures = lastMinute(trans, one);
  const settings = [one.runtime, trans.__('%1 MB', one.memory_mb)].filter(Boolean).join(' · ');
  return {
    key,
    kind: 'function',
    label: one.name,
    detail: figures || settings,
    isTall: true,
    mark,
    markWords: words,
    environments: one.environments,
    tag: one.debug ? trans.__('debug') : undefined,
    search: `${trans.__('function')} ${one.runtime} ${one.description}`,
    children: detailNodes(trans, key, args, known(one)),
    action: { command: CommandIDs.openFunction, args },
    buttons: [
      { command: CommandIDs.invoke, args },
      { command: CommandIDs.logs, args }
    ],
    menu: functionMenu(trans, args, one)
  };
}

function functionMenu(
  trans: TranslationBundle,
  args: { path: string; name: string },
  one: IFunction
): MenuEntry[] {
  const copyAs = (form: string, what: string) => ({
    command: CommandIDs.copyAs,
    args: { ...args, form, what }
  });
  return [
    { command: CommandIDs.openFunction, args },
    { command: CommandIDs.invoke, args },
    { command: CommandIDs.logs, args },
    { command: CommandIDs.events, args },
    { command: CommandIDs.debug, args },
    'separator',
    { command: CommandIDs.settings, args },
    { command: CommandIDs.publish, args },
    { command: CommandIDs.alias, args },
    { command: CommandIDs.openUrl, args },
    { command: CommandIDs.goToCell, args },
    'separator',
    copyEntry(trans.__('Copy Name'), one.name, trans.__('name')),
    copyEntry(trans.__('Copy ARN'), one.arn, trans.__('ARN')),
    {
      label: trans.__('Copy as'),
      entries: [
        copyAs('boto3', 'function'),
        copyAs('cli', 'function'),
        copyAs('terraform', 'function'),
        copyAs('boto3', 'invoke'),
        copyAs('cli', 'invoke')
      ]
    },
    'separator',
    { command: CommandIDs.remove, args }
  ];
}

export function copyEntry(label: string, text: string, what: string): ICall {
  return { command: ids.copy, args: { label, text, what } };
}

function detailNodes(
  trans: TranslationBundle,
  above: string,
  args: { path: string; name: string },
  known: IKnown | undefined
): INode[] {
  const details = known?.value;
  if (!details) {
    return [
      {
        key: `${above}|wait`,
        kind: 'message',
        label: known?.error || trans.__('Asking the kernel…'),
        detail: '',
        mark: known?.error ? 'bad' : undefined,
        search: '',
        action: known?.error
          ? { command: CommandIDs.refresh, args: { path: args.path } }
          : undefined
      }
    ];
  }
  const leaf = (part: string, rest: Partial<INode> & Pick<INode, 'kind' | 'label'>): INode => ({
    key: `${above}|${part}`,
    detail: '',
    search: '',
    ...rest
  });
  const group = (part: string, label: string, children: INode[]): INode[] =>
    children.length === 0
      ? []
      : [
          {
            key: `${above}|${part}`,
            kind: 'group',
            label,
            detail: children.length.toLocaleString(),
            search: '',
            children,
            isOpen: children.length <= 5
          }
        ];
  const numbered = details.versions.filter(one => one.version !== '$LATEST');
  const nodes = [
    ...group(
      'versions',
      trans.__('Versions'),
      numbered.map(one => versionNode(trans, above, args, one.version, one.description))
    ),
    ...group(
      'aliases',
      trans.__('Aliases'),
      details.aliases.map(alias => aliasNode(trans, above, args, alias))
    ),
    ...group(
      'sources',
      trans.__('Event sources'),
      details.sources.map(source => sourceNode(trans, above, source))
    ),
    ...group(
      'layers',
      trans.__('Layers'),
      details.layers.map(arn =>
        leaf(`layer|${arn}`, {
          kind: 'setting',
          label: arn.split(':').slice(-2).join(':'),
          search: trans.__('layer'),
          menu: [copyEntry(trans.__('Copy ARN'), arn, trans.__('ARN'))]
        })
      )
    ),
    ...group(
      'routes',
      trans.__('API routes'),
      details.apis.map(one =>
        leaf(`route|${one.api}|${one.route}`, {
          kind: 'route',
          label: one.route,
          detail: one.api,
          search: trans.__('API route'),
          action: { command: ids.openAddress, args: { address: one.address } },
          menu: addressMenu(trans, one.address)
        })
      )
    )
  ];
  if (details.url) {
    nodes.push(
      leaf('url', {
        kind: 'url',
        label: trans.__('Function URL'),
        detail: details.url,
        search: trans.__('address'),
        action: { command: ids.openAddress, args: { address: details.url } },
        menu: addressMenu(trans, details.url)
      })
    );
  }
  if (details.dead_letter_arn) {
    nodes.push(
      leaf('dead-letters', {
        kind: 'setting',
        label: trans.__('Dead letters to'),
        detail: details.dead_letter_arn.split(':').pop() ?? '',
        menu: [copyEntry(trans.__('Copy ARN'), details.dead_letter_arn, trans.__('ARN'))]
      })
    );
  }
  if (details.reserved !== null) {
    nodes.push(
      leaf('reserved', {
        kind: 'setting',
        label: trans.__('Reserved concurrency'),
        detail: details.reserved.toLocaleString(),
        action: { command: CommandIDs.settings, args }
      })
    );
  }
  return nodes.length > 0
    ? nodes
    : [
        leaf('nothing', {
          kind: 'message',
          label: trans.__('No versions, aliases, event sources, layers or URL.')
        })
      ];
}

function versionNode(
  trans: TranslationBundle,
  above: string,
  args: { path: string; name: string },
  version: string,
  description: string
): INode {
  const qualified = { ...args, qualifier: version };
  return {
    key: `${above}|version|${version}`,
    kind: 'version',
    label: version,
    detail: description,
    search: trans.__('version'),
    action: { command: CommandIDs.invoke, args: qualified },
    menu: [
      { command: CommandIDs.invoke, args: qualified },
      { command: CommandIDs.alias, args: { ...args, version } },
      'separator',
      { command: CommandIDs.remove, args: qualified }
    ]
  };
}

function aliasNode(
  trans: TranslationBundle,
  above: string,
  args: { path: string; name: string },
  alias: IAlias
): INode {
  const chosen = { ...args, alias: alias.name };
  return {
    key: `${above}|alias|${alias.name}`,
    kind: 'alias',
    label: alias.name,
    detail: routes(alias)
      .map(one => `→ ${one}`)
      .join(', '),
    search: trans.__('alias'),
    action: { command: CommandIDs.alias, args: chosen },
    menu: [
      { command: CommandIDs.invoke, args: { ...args, qualifier: alias.name } },
      { command: CommandIDs.alias, args: chosen },
      'separator',
      { command: ids.deleteAlias, args: chosen }
    ]
  };
}

function sourceNode(trans: TranslationBundle, above: string, source: ISource): INode {
  const isOff = source.state === 'Disabled';
  return {
    key: `${above}|source|${source.uuid || source.arn || source.service + source.name}`,
    kind: 'source',
    label: source.name,
    detail: [source.service, source.state].filter(Boolean).join(' · '),
    mark: isOff ? 'off' : undefined,
    search: `${trans.__('event source')} ${source.service}`,
    menu: source.arn ? [copyEntry(trans.__('Copy ARN'), source.arn, trans.__('ARN'))] : undefined
  };
}

export function addressMenu(trans: TranslationBundle, address: string): MenuEntry[] {
  return [
    { command: ids.openAddress, args: { address } },
    copyEntry(trans.__('Copy URL'), address, trans.__('URL'))
  ];
}
