import { JupyterFrontEnd } from '@jupyterlab/application';
import { TranslationBundle } from '@jupyterlab/translation';
import {
  CSSProperties,
  KeyboardEvent,
  MouseEvent,
  useEffect,
  useLayoutEffect,
  useRef
} from 'react';

import { openMenu } from '../shared/menu';
import { INode, visible } from './nodes';
import { Row, rowWords } from './row';
import { PanelState } from './state';

/** Letters typed within this time look for a label together. */
const TYPE_AHEAD_MS = 600;

interface ITreeProps {
  nodes: readonly INode[];
  state: PanelState;
  commands: JupyterFrontEnd['commands'];
  trans: TranslationBundle;
  /** The tree had the focus, and no row is left. */
  onEmptied: () => void;
}

/** The tree as WAI-ARIA describes it: one tab stop, arrows, Home, End, letters, Enter, a menu. */
export function Tree({ nodes, state, commands, trans, onEmptied }: ITreeProps) {
  const root = useRef<HTMLUListElement>(null);
  const hadFocus = useRef(false);
  const before = useRef<string[]>([]);
  const wantsFocus = useRef(false);
  const typed = useRef({ text: '', at: 0 });
  const keys = visible(nodes, state.isOpen).map(row => row.node.key);
  const active = keys.includes(state.active)
    ? state.active
    : neighbour(before.current, keys, state.active);

  const focus = (key: string | undefined | null) => {
    if (key) {
      state.active = key;
      const item = itemOf(root.current, key);
      item?.focus({ preventScroll: true });
      item?.firstElementChild?.scrollIntoView({ block: 'nearest' });
      // A row that was expanded just now is drawn in a moment.
      wantsFocus.current = !item;
    }
  };

  // When the row with the focus went (deleted, or its notebook closed), the focus goes beside it.
  useLayoutEffect(() => {
    before.current = keys;
    if (active !== state.active) {
      state.active = active;
    }
    if (wantsFocus.current || (hadFocus.current && document.activeElement === document.body)) {
      wantsFocus.current = false;
      itemOf(root.current, active)?.focus({ preventScroll: true });
    }
  });

  useEffect(
    () => () => {
      if (hadFocus.current && document.activeElement === document.body) {
        onEmptied();
      }
    },
    []
  );

  const run = (node: INode) => {
    if (node.action && commands.hasCommand(node.action.command)) {
      void commands.execute(node.action.command, node.action.args);
    } else if (node.children) {
      state.setOpen(node, !state.isOpen(node));
    }
  };

  const showMenu = (node: INode, x: number, y: number, byKeyboard: boolean) =>
    openMenu(commands, node.menu ?? [], x, y, byKeyboard, () =>
      itemOf(root.current, node.key)?.focus()
    );

  const onKeyDown = (event: KeyboardEvent) => {
    // As things are now: the next key may come before the last one's change is drawn.
    const rows = visible(state.rows().nodes, state.isOpen);
    const keys = rows.map(row => row.node.key);
    const index = keys.indexOf(state.active);
    const row = rows[index];
    if (!row || event.altKey || ((event.ctrlKey || event.metaKey) && event.key !== 'Home')) {
      return;
    }
    const { node, parent } = row;
    const opens = node.children !== undefined;
    switch (event.key) {
      case 'ArrowDown':
        focus(keys[index + 1]);
        break;
      case 'ArrowUp':
        focus(keys[index - 1]);
        break;
      case 'Home':
        focus(keys[0]);
        break;
      case 'End':
        focus(keys[keys.length - 1]);
        break;
      case 'ArrowRight':
        if (opens && !state.isOpen(node)) {
          state.setOpen(node, true);
        } else if (opens) {
          focus(node.children?.[0]?.key);
        }
        break;
      case 'ArrowLeft':
        if (opens && state.isOpen(node)) {
          state.setOpen(node, false);
        } else {
          focus(parent);
        }
        break;
      case 'Enter':
        run(node);
        break;
      case ' ':
        if (opens) {
          state.setOpen(node, !state.isOpen(node));
        }
        break;
      case '*':
        rows
          .filter(other => other.parent === parent && other.node.children)
          .forEach(other => state.setOpen(other.node, true));
        break;
      case 'ContextMenu':
      case 'F10': {
        if (event.key === 'F10' && !event.shiftKey) {
          return;
        }
        const box = itemOf(root.current, node.key)?.firstElementChild?.getBoundingClientRect();
        showMenu(node, (box?.left ?? 0) + 24, box?.bottom ?? 0, true);
        break;
      }
      default: {
        if (event.key.length !== 1) {
          return;
        }
        const now = Date.now();
        const text = now - typed.current.at < TYPE_AHEAD_MS ? typed.current.text : '';
        typed.current = { text: text + event.key.toLowerCase(), at: now };
        const { text: wanted } = typed.current;
        const from = wanted.length === 1 ? index + 1 : index;
        const order = [...rows.slice(from), ...rows.slice(0, from)];
        focus(order.find(one => one.node.label.toLowerCase().startsWith(wanted))?.node.key);
      }
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const onClick = (node: INode, event: MouseEvent) => {
    event.stopPropagation();
    focus(node.key);
    const isCaret = (event.target as Element).closest('.lnb-caret') !== null;
    if (node.children && (isCaret || node.kind === 'group' || node.kind === 'notebook')) {
      state.setOpen(node, !state.isOpen(node));
    }
  };

  const onContextMenu = (node: INode, event: MouseEvent) => {
    if (event.shiftKey) {
      return; // as everywhere in JupyterLab: the browser's own menu
    }
    event.preventDefault();
    event.stopPropagation();
    focus(node.key);
    showMenu(node, event.clientX, event.clientY, false);
  };

  const item = (node: INode, level: number, index: number, of: number) => {
    const isOpen = node.children !== undefined && state.isOpen(node);
    return (
      <li
        key={node.key}
        role="treeitem"
        className={`lnb-item lnb-${node.kind}${node.isTall ? ' lnb-tall' : ''}`}
        data-key={node.key}
        aria-label={rowWords(node, trans)}
        aria-level={level}
        aria-posinset={index + 1}
        aria-setsize={of}
        aria-expanded={node.children ? isOpen : undefined}
        aria-selected={node.key === active}
        tabIndex={node.key === active ? 0 : -1}
        style={{ '--lnb-level': level - 1 } as CSSProperties}
        onClick={event => onClick(node, event)}
        onDoubleClick={event => {
          event.stopPropagation();
          if (node.kind !== 'group' && node.kind !== 'notebook') {
            run(node);
          }
        }}
        onContextMenu={event => onContextMenu(node, event)}
      >
        <Row node={node} isOpen={isOpen} filter={state.filter} commands={commands} trans={trans} />
        {isOpen && node.children && node.children.length > 0 && (
          <ul role="group">
            {node.children.map((child, i, all) => item(child, level + 1, i, all.length))}
          </ul>
        )}
      </li>
    );
  };

  return (
    <ul
      ref={root}
      className="lnb-tree"
      role="tree"
      aria-label={trans.__('Lambda functions and what is around them')}
      onKeyDown={onKeyDown}
      onFocus={event => {
        hadFocus.current = true;
        const key = (event.target as HTMLElement).dataset.key;
        if (key) {
          state.active = key;
        }
      }}
      onBlur={event => {
        // A removed row blurs to nothing; then the focus is to be kept.
        hadFocus.current = event.relatedTarget === null && !document.contains(event.target);
      }}
    >
      {nodes.map((node, i, all) => item(node, 1, i, all.length))}
    </ul>
  );
}

function itemOf(root: HTMLElement | null, key: string): HTMLElement | null {
  return root?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`) ?? null;
}

/** The row that takes the place of one that went: the nearest above it that is still there. */
function neighbour(before: readonly string[], now: readonly string[], gone: string): string {
  const at = before.indexOf(gone);
  const above = before.slice(0, Math.max(at, 0)).reverse();
  return above.find(key => now.includes(key)) ?? now[0] ?? '';
}
