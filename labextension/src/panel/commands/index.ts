import {
  codeIcon,
  collapseAllIcon,
  copyIcon,
  deleteIcon,
  editIcon,
  expandAllIcon,
  LabIcon,
  launchIcon,
  refreshIcon
} from '@jupyterlab/ui-components';

import { CommandIDs } from '../../tokens';
import { copyAs, copyAsWords, copyText, ICopyArgs } from './copying';
import * as ids from './ids';
import { ITarget, ITools, linkOf, target, tellFailure } from './tools';

interface IArgs extends ICopyArgs {
  path?: string;
  name?: string;
  qualifier?: string;
  alias?: string;
  version?: string;
  url?: string;
  address?: string;
  label?: string;
  text?: string;
  command?: string;
  quiet?: boolean;
}

interface IRecipe {
  label: string | ((args: IArgs) => string);
  caption?: string;
  icon?: LabIcon;
  execute: (args: IArgs) => unknown;
  isEnabled?: (args: IArgs) => boolean;
}

/** Add all commands of the panel; gives the ids that belong in the palette. */
export function addCommands(tools: ITools): string[] {
  const { app, state, trans, workbench } = tools;
  const inPalette: string[] = [];

  const add = (id: string, recipe: IRecipe, isForPalette = true) => {
    app.commands.addCommand(id, {
      caption: recipe.caption,
      icon: recipe.icon?.bindprops({ stylesheet: 'menuItem' }),
      label: args =>
        typeof recipe.label === 'string' ? recipe.label : recipe.label(args as IArgs),
      isEnabled: args => recipe.isEnabled?.(args as IArgs) ?? true,
      execute: args => recipe.execute(args as IArgs)
    });
    if (isForPalette) {
      inPalette.push(id);
    }
  };

  /** A command about a function: the arguments name it, or the user chooses. */
  const addForFunction = (
    id: string,
    recipe: Omit<IRecipe, 'execute'>,
    execute: (found: ITarget, args: IArgs) => unknown,
    isForPalette = true
  ) =>
    add(
      id,
      {
        ...recipe,
        execute: async args => {
          const found = await target(tools, args);
          return found ? execute(found, args) : undefined;
        }
      },
      isForPalette
    );

  add(CommandIDs.refresh, {
    label: trans.__('Refresh Lambda Panel'),
    icon: refreshIcon,
    execute: async ({ path, quiet }) => {
      state.forgetDetails();
      const links = path === undefined ? workbench.links : [workbench.find(path)];
      await Promise.all(
        links.map(async link => {
          if (link?.isLoaded) {
            const asked = link.ask('refresh', {});
            await (quiet
              ? asked.catch(() => undefined)
              : tellFailure(trans.__('Refresh'), () => asked));
          }
        })
      );
    }
  });
  add(ids.expandAll, {
    label: trans.__('Expand All of the Lambda Panel'),
    icon: expandAllIcon,
    execute: () => state.setAllOpen(true)
  });
  add(ids.collapseAll, {
    label: trans.__('Collapse All of the Lambda Panel'),
    icon: collapseAllIcon,
    execute: () => state.setAllOpen(false)
  });
  add(
    ids.showNotebook,
    {
      label: trans.__('Show Notebook'),
      execute: async ({ path }) => {
        const { showNotebook } = await import('./places');
        showNotebook(tools, path ?? '');
      }
    },
    false
  );
  add(ids.load, {
    label: trans.__('Load lambda_nb'),
    execute: async ({ path }) => {
      const link = linkOf(tools, path);
      const { load } = await import('./loading');
      return link ? load(tools, link) : undefined;
    },
    isEnabled: ({ path }) => linkOf(tools, path)?.status === 'absent'
  });
  addForFunction(
    CommandIDs.settings,
    { label: trans.__('Edit Settings…'), icon: editIcon },
    async found => (await import('./settings')).editSettings(tools, found)
  );
  addForFunction(CommandIDs.publish, { label: trans.__('Publish Version…') }, async found =>
    (await import('./versions')).publish(tools, found)
  );
  addForFunction(
    CommandIDs.alias,
    {
      label: ({ alias, version }) =>
        alias
          ? trans.__('Move Alias…')
          : version
            ? trans.__('Alias to This Version…')
            : trans.__('Make or Move Alias…')
    },
    async (found, args) => (await import('./alias')).editAlias(tools, found, args)
  );
  addForFunction(
    CommandIDs.remove,
    {
      label: ({ qualifier }) =>
        qualifier ? trans.__('Delete Version…') : trans.__('Delete Function…'),
      icon: deleteIcon
    },
    async (found, args) => (await import('./deletion')).remove(tools, found, args)
  );
  addForFunction(
    ids.deleteAlias,
    { label: trans.__('Delete Alias'), icon: deleteIcon },
    async (found, args) => (await import('./deletion')).removeAlias(tools, found, args.alias ?? ''),
    false
  );
  addForFunction(
    CommandIDs.openUrl,
    { label: trans.__('Open URL'), icon: launchIcon },
    async (found, args) => (await import('./places')).openUrl(tools, found, args.qualifier)
  );
  addForFunction(
    CommandIDs.goToCell,
    { label: trans.__('Go to Cell'), icon: codeIcon },
    async found => (await import('./places')).goToCell(tools, found)
  );
  addForFunction(
    CommandIDs.copyAs,
    {
      label: ({ form, what }) =>
        form ? copyAsWords(tools, form, what ?? 'function') : trans.__('Copy Function as…'),
      icon: copyIcon
    },
    (found, args) => copyAs(tools, found, args)
  );
  add(
    ids.copy,
    {
      label: ({ label }) => label ?? trans.__('Copy'),
      icon: copyIcon,
      execute: ({ text, label }) => copyText(tools, text ?? '', text ?? label ?? '')
    },
    false
  );
  add(
    ids.openAddress,
    {
      label: trans.__('Open in Browser'),
      icon: launchIcon,
      execute: async ({ address }) => (await import('./places')).openAddress(tools, address ?? '')
    },
    false
  );
  const addForQueue = (
    id: string,
    label: string,
    execute: (part: typeof import('./queues')) => (typeof import('./queues'))['peek']
  ) =>
    add(
      id,
      {
        label,
        execute: async ({ path, url, name }) => {
          const link = linkOf(tools, path);
          return link && url
            ? execute(await import('./queues'))(tools, link, { url, name: name ?? url })
            : undefined;
        }
      },
      false
    );
  addForQueue(CommandIDs.peek, trans.__('Look at Messages'), part => part.peek);
  addForQueue(CommandIDs.redrive, trans.__('Redrive Dead Letters…'), part => part.redrive);
  add(
    ids.selected,
    {
      label: ({ command }) =>
        command && app.commands.hasCommand(command)
          ? app.commands.label(command)
          : trans.__('Use the Row'),
      execute: ({ command }) => {
        const call = state
          .activeNode()
          ?.menu?.flatMap(one => (typeof one === 'string' || 'entries' in one ? [] : [one]))
          .find(one => one.command === command);
        return call ? app.commands.execute(call.command, call.args) : undefined;
      }
    },
    false
  );
  return inPalette;
}
