import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { PathExt } from '@jupyterlab/coreutils';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import { JSONObject } from '@lumino/coreutils';
import { Widget } from '@lumino/widgets';

import { choose } from '../shared/choose';
import { CommandIDs, IFunctionArgs, IWorkbench } from '../tokens';
import type { FunctionDocument } from './document';
import { IDocumentArgs, IParts, Kind } from './parts';

/** Opens the document that its arguments describe; a reloaded page calls it. */
const OPEN = 'lambda-nb:open-document';

type Tab = MainAreaWidget<FunctionDocument>;

const documents: JupyterFrontEndPlugin<void> = {
  id: 'lambda-nb:documents',
  description: 'Documents of a Lambda function: invoke, logs, activity, events.',
  autoStart: true,
  requires: [IWorkbench, IEditorServices],
  optional: [IStateDB, ILayoutRestorer, ICommandPalette, ITranslator],
  activate
};

export default [documents];

function activate(
  app: JupyterFrontEnd,
  workbench: IWorkbench,
  editors: IEditorServices,
  state: IStateDB | null,
  restorer: ILayoutRestorer | null,
  palette: ICommandPalette | null,
  translator: ITranslator | null
): void {
  const trans = (translator ?? nullTranslator).load('lambda_nb');
  const parts: IParts = { app, workbench, trans, editors, state };
  const tabs = new WidgetTracker<Tab>({ namespace: 'lambda-nb-documents' });
  const titles = labels(trans);

  app.commands.addCommand(OPEN, {
    label: trans.__('Open a document of a function'),
    execute: async args => open(args as unknown as IDocumentArgs, parts, tabs)
  });
  for (const [id, kind] of COMMANDS) {
    app.commands.addCommand(id, {
      label: args => (args.name ? titles[kind].short : titles[kind].long),
      caption: titles[kind].caption,
      execute: async args => {
        const found = await choose(args as IFunctionArgs, workbench, trans, titles[kind].long);
        return found ? app.commands.execute(OPEN, { ...args, ...found, kind }) : undefined;
      }
    });
    palette?.addItem({ command: id, category: trans.__('Lambda') });
  }
  void restorer?.restore(tabs, {
    command: OPEN,
    args: tab => where(tab.content) as unknown as JSONObject,
    name: tab => {
      const { kind, path, name } = where(tab.content);
      return `${kind}:${path}:${name}`;
    }
  });
}

const COMMANDS: [id: string, kind: Kind][] = [
  [CommandIDs.invoke, 'invoke'],
  [CommandIDs.logs, 'logs'],
  [CommandIDs.openFunction, 'function'],
  [CommandIDs.events, 'events']
];

interface ILabels {
  /** In a menu of one function. */
  short: string;
  /** In the palette, where the function is asked for. */
  long: string;
  caption: string;
  /** On the tab. */
  tab: (name: string) => string;
}

function labels(trans: TranslationBundle): Record<Kind, ILabels> {
  return {
    invoke: {
      short: trans.__('Invoke…'),
      long: trans.__('Invoke a Function…'),
      caption: trans.__('Edit a payload, run the function, and see result, log and bill'),
      tab: name => trans.__('%1: invoke', name)
    },
    logs: {
      short: trans.__('Follow Logs'),
      long: trans.__('Follow Logs of a Function…'),
      caption: trans.__('The log lines of a function as they are written'),
      tab: name => trans.__('%1: logs', name)
    },
    function: {
      short: trans.__('Open Function'),
      long: trans.__('Open a Function…'),
      caption: trans.__('Environments, latency, errors, cost and memory of a function, live'),
      tab: name => name
    },
    events: {
      short: trans.__('Show Events'),
      long: trans.__('Show Events of a Function…'),
      caption: trans.__('What reached a function, and what it answered'),
      tab: name => trans.__('%1: events', name)
    }
  };
}

/** What a tab shows, wherever its notebook is now. */
function where(content: FunctionDocument): IDocumentArgs {
  const { kind, name } = content.args;
  return { kind, name, path: content.subject.path };
}

async function open(args: IDocumentArgs, parts: IParts, tabs: WidgetTracker<Tab>): Promise<Tab> {
  const { FunctionDocument } = await import('./document');
  const there = tabs.find(tab => {
    const one = where(tab.content);
    return one.kind === args.kind && one.path === args.path && one.name === args.name;
  });
  if (there) {
    there.content.follow(args);
    parts.app.shell.activateById(there.id);
    return there;
  }
  const content = new FunctionDocument(args, parts);
  const tab: Tab = new MainAreaWidget({ content });
  tab.toolbar.hide();
  tab.id = `lambda-nb-${args.kind}-${++opened}`;
  tab.title.closable = true;
  const { icons } = await import('./icons');
  tab.title.icon = icons[args.kind];
  tab.title.label = labels(parts.trans)[args.kind].tab(args.name);
  const caption = () => {
    tab.title.caption = `${args.name} · ${PathExt.basename(content.subject.path)}`;
  };
  caption();
  content.subject.moved.connect(() => {
    caption();
    void tabs.save(tab);
  });
  const beside = place(tabs, parts.app.shell.currentWidget);
  await tabs.add(tab);
  if (!tab.isAttached) {
    parts.app.shell.add(tab, 'main', beside);
  }
  parts.app.shell.activateById(tab.id);
  return tab;
}

let opened = 0;

/** Narrower than this, in pixels, a notebook is not split: neither half could be read. */
const LEAST_TO_SPLIT = 600;

/** The first document goes beside the notebook, the next ones to the first. */
function place(
  tabs: WidgetTracker<Tab>,
  current: Widget | null
): { mode: 'split-right' | 'tab-after'; ref?: string } {
  let ref: string | undefined;
  tabs.forEach(tab => {
    ref = tab.isAttached ? tab.id : ref;
  });
  const isNarrow = current !== null && current.node.clientWidth < LEAST_TO_SPLIT;
  return ref || isNarrow ? { mode: 'tab-after', ref } : { mode: 'split-right' };
}
