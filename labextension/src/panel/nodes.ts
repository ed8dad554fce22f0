import { IEnvironments } from '../protocol';
import { ICall, MenuEntry } from '../shared/menu';

export type Kind =
  | 'notebook'
  | 'message'
  | 'group'
  | 'function'
  | 'version'
  | 'alias'
  | 'setting'
  | 'source'
  | 'url'
  | 'route'
  | 'queue'
  | 'stream'
  | 'table'
  | 'bucket'
  | 'topic'
  | 'api'
  | 'distribution'
  | 'layer'
  | 'stack';

/** The groups below a notebook; `groups` of the settings has the same names. */
export const GROUPS = [
  'functions',
  'queues',
  'streams',
  'tables',
  'buckets',
  'topics',
  'apis',
  'distributions',
  'layers',
  'stacks'
] as const;

export type Group = (typeof GROUPS)[number];

export type Mark = 'good' | 'moving' | 'bad' | 'off' | 'money';

/** One row of the tree. */
export interface INode {
  /** The same from picture to picture. */
  key: string;
  kind: Kind;
  label: string;
  /** Beside the label, dimmed; below it if `isTall`. */
  detail: string;
  isTall?: boolean;
  mark?: Mark;
  /** What the mark means, in words. */
  markWords?: string;
  environments?: IEnvironments | null;
  /** A further short mark: `dead letters`. */
  tag?: string;
  /** The filter looks for it in label and search words. */
  search: string;
  /** Given if it can be expanded. */
  children?: INode[];
  /** Whether it is expanded before the user chose. */
  isOpen?: boolean;
  /** With Enter and double click. */
  action?: ICall;
  buttons?: ICall[];
  menu?: MenuEntry[];
}

/** All rows that can be seen, from top to bottom. */
export function visible(
  nodes: readonly INode[],
  isOpen: (node: INode) => boolean,
  parent: string | null = null
): { node: INode; parent: string | null }[] {
  return nodes.flatMap(node => [
    { node, parent },
    ...(node.children && isOpen(node) ? visible(node.children, isOpen, node.key) : [])
  ]);
}

/** The rows whose words have all words of the filter, with those above them; and how many match. */
export function filtered(
  nodes: readonly INode[],
  filter: string
): { nodes: INode[]; matches: number } {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) {
    return { nodes: [...nodes], matches: 0 };
  }
  let matches = 0;
  const keep = (node: INode): INode[] => {
    const text = `${node.label} ${node.search}`.toLowerCase();
    const isMatch = isThing(node) && words.every(word => text.includes(word));
    matches += isMatch ? 1 : 0;
    const children = node.children?.flatMap(keep) ?? [];
    if (!isMatch && children.length === 0) {
      return [];
    }
    // A match keeps what is below it; of others only the way to a match is left.
    return [isMatch && children.length === 0 ? node : { ...node, children, isOpen: true }];
  };
  return { nodes: nodes.flatMap(keep), matches };
}

function isThing(node: INode): boolean {
  return node.kind !== 'group' && node.kind !== 'notebook' && node.kind !== 'message';
}
