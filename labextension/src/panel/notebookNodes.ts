import { TranslationBundle } from '@jupyterlab/translation';

import { IFunction, IPicture } from '../protocol';
import { duration } from '../shared/figures';
import { CommandIDs, IKernelLink } from '../tokens';
import * as ids from './commands/ids';
import { addressMenu, copyEntry, functionNode, IKnown } from './functionNodes';
import { Group, GROUPS, INode } from './nodes';
import { groupWords, kernelWords, linkMessage, pictureMessage, placeWords } from './words';

export interface ITreeOptions {
  groups: readonly Group[];
  showEmpty: boolean;
  isCurrent: boolean;
  known: (one: IFunction) => IKnown | undefined;
}

/** A notebook and all that its kernel reports. */
export function notebookNode(
  trans: TranslationBundle,
  link: IKernelLink,
  options: ITreeOptions
): INode {
  const picture = link.isLoaded ? link.picture : null;
  const open = { command: ids.showNotebook, args: { path: link.path } };
  const messages = [linkMessage(trans, link)];
  if (picture) {
    messages.push(pictureMessage(trans, picture));
  } else if (link.isLoaded) {
    messages.push(trans.__('Asking the kernel…'));
  }
  const place = picture ? placeWords(trans, picture) : '';
  return {
    key: link.path,
    kind: 'notebook',
    label: link.title,
    detail: [place, kernelWords(trans, link)].filter(Boolean).join(' · '),
    isTall: true,
    mark: picture?.place === 'aws' ? 'money' : undefined,
    markWords: picture?.place === 'aws' ? trans.__('costs money') : undefined,
    search: '',
    isOpen: options.isCurrent,
    action: open,
    menu: [
      open,
      { command: CommandIDs.refresh, args: { path: link.path } },
      ...(link.status === 'absent' ? [{ command: ids.load, args: { path: link.path } }] : []),
      ...(picture?.endpoint
        ? [copyEntry(trans.__('Copy Endpoint'), picture.endpoint, trans.__('endpoint'))]
        : [])
    ],
    children: [
      ...messages.filter(Boolean).map((words, index) => messageNode(link, words, index)),
      ...(picture ? groupNodes(trans, link, picture, options) : [])
    ]
  };
}

function messageNode(link: IKernelLink, words: string, index: number): INode {
  const isBad = link.status === 'dead' || Boolean(link.picture?.lost || link.picture?.error);
  return {
    key: `${link.path}|message|${index}`,
    kind: 'message',
    label: words,
    detail: '',
    mark: isBad ? 'bad' : undefined,
    search: '',
    buttons:
      link.status === 'absent' && !link.isBusy
        ? [{ command: ids.load, args: { path: link.path } }]
        : undefined,
    action: link.status === 'absent' ? { command: ids.load, args: { path: link.path } } : undefined
  };
}

function groupNodes(
  trans: TranslationBundle,
  link: IKernelLink,
  picture: IPicture,
  options: ITreeOptions
): INode[] {
  const children: Record<Group, INode[]> = {
    functions: picture.functions.map(one => functionNode(trans, link, one, options.known)),
    queues: queueNodes(trans, link, picture),
    streams: picture.streams.map(one => ({
      ...thing(link, 'stream', one.arn, one.name, trans.__('stream')),
      detail: [
        one.kind === 'dynamodb'
          ? trans.__('DynamoDB')
          : trans._n('%1 shard', '%1 shards', one.shards),
        one.iterator_age_ms === null
          ? ''
          : trans.__('iterator age %1', duration(one.iterator_age_ms))
      ]
        .filter(Boolean)
        .join(' · '),
      menu: names(trans, one.name, one.arn)
    })),
    tables: picture.tables.map(one => ({
      ...thing(link, 'table', one.name, one.name, trans.__('table DynamoDB')),
      detail: [
        trans._n('%1 item', '%1 items', one.items),
        one.stream_arn ? trans.__('streams its changes') : ''
      ]
        .filter(Boolean)
        .join(' · '),
      menu: names(trans, one.name, '')
    })),
    buckets: picture.buckets.map(one => ({
      ...thing(link, 'bucket', one.name, one.name, trans.__('bucket S3')),
      detail: one.more
        ? trans.__('more than %1 objects', one.objects.toLocaleString())
        : trans._n('%1 object', '%1 objects', one.objects),
      menu: [
        ...names(trans, one.name, `arn:aws:s3:::${one.name}`),
        copyEntry(trans.__('Copy URL'), `s3://${one.name}/`, trans.__('URL'))
      ]
    })),
    topics: picture.topics.map(one => ({
      ...thing(link, 'topic', one.arn, one.name, trans.__('topic SNS')),
      detail: trans._n('%1 subscription', '%1 subscriptions', one.subscriptions),
      menu: names(trans, one.name, one.arn)
    })),
    apis: picture.apis.map(one => ({
      ...thing(link, 'api', `${one.kind}|${one.id}`, one.name || one.id, `API ${one.kind}`),
      detail: { http: 'HTTP', websocket: 'WebSocket', rest: 'REST' }[one.kind],
      // A browser cannot open `ws://`; its address is there to be copied.
      ...(one.kind === 'websocket'
        ? { menu: [copyEntry(trans.__('Copy URL'), one.address, trans.__('URL'))] }
        : {
            action: { command: ids.openAddress, args: { address: one.address } },
            menu: addressMenu(trans, one.address)
          })
    })),
    distributions: picture.distributions.map(one => ({
      ...thing(
        link,
        'distribution',
        one.id,
        one.name || one.id,
        trans.__('distribution CloudFront')
      ),
      detail: one.status,
      action: { command: ids.openAddress, args: { address: one.address } },
      menu: addressMenu(trans, one.address)
    })),
    layers: picture.layers.map(one => ({
      ...thing(link, 'layer', one.arn, one.name, trans.__('layer')),
      detail: [trans.__('version %1', one.version), one.runtimes.join(', '), one.description]
        .filter(Boolean)
        .join(' · '),
      menu: names(trans, one.name, one.arn)
    })),
    stacks: picture.stacks.map(one => ({
      ...thing(link, 'stack', one.name, one.name, trans.__('stack CloudFormation')),
      detail: one.status,
      mark: /FAILED|ROLLBACK/.test(one.status) ? ('bad' as const) : undefined,
      menu: names(trans, one.name, '')
    }))
  };
  return GROUPS.filter(
    group => options.groups.includes(group) && (options.showEmpty || children[group].length > 0)
  ).map(group => ({
    key: `${link.path}|${group}`,
    kind: 'group',
    label: groupWords(trans, group),
    detail: children[group].length.toLocaleString(),
    search: '',
    isOpen: group === 'functions' || children[group].length <= 20,
    children: children[group]
  }));
}

function queueNodes(trans: TranslationBundle, link: IKernelLink, picture: IPicture): INode[] {
  return picture.queues.map(one => {
    const args = { path: link.path, url: one.url, name: one.name };
    const isDeadLetters = one.dead_letters_of.length > 0;
    return {
      ...thing(link, 'queue', one.url, one.name, trans.__('queue SQS')),
      detail: [
        trans._n('%1 message', '%1 messages', one.visible),
        one.in_flight > 0 ? trans.__('%1 in flight', one.in_flight) : '',
        one.delayed > 0 ? trans.__('%1 delayed', one.delayed) : '',
        isDeadLetters ? trans.__('dead letters of %1', one.dead_letters_of.join(', ')) : ''
      ]
        .filter(Boolean)
        .join(' · '),
      isTall: isDeadLetters,
      mark: isDeadLetters && one.visible > 0 ? ('bad' as const) : undefined,
      action: { command: CommandIDs.peek, args },
      menu: [
        { command: CommandIDs.peek, args },
        ...(isDeadLetters ? [{ command: CommandIDs.redrive, args }] : []),
        'separator' as const,
        ...names(trans, one.name, one.arn),
        copyEntry(trans.__('Copy URL'), one.url, trans.__('URL'))
      ]
    };
  });
}

function thing(link: IKernelLink, kind: INode['kind'], id: string, label: string, search: string) {
  return { key: `${link.path}|${kind}|${id}`, kind, label, detail: '', search };
}

function names(trans: TranslationBundle, name: string, arn: string) {
  return [
    copyEntry(trans.__('Copy Name'), name, trans.__('name')),
    ...(arn ? [copyEntry(trans.__('Copy ARN'), arn, trans.__('ARN'))] : [])
  ];
}
