import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type CommandContext, UsageError } from './command.ts';
import { type Home, openHome } from './home.ts';

/** Opens a home that something was committed into; unlike `openHome` it makes none. `flag` names it in messages. */
export async function openKnownHome(
  context: CommandContext,
  onExit: (undo: () => Promise<void>) => void,
  folder = context.settings.home,
  flag = '--home',
): Promise<Home> {
  const lake = join(resolve(folder), 'lake');
  if (!(await isFolder(lake))) {
    throw new UsageError(
      `${flag}: ${resolve(folder)} is no home yet: it has no lake; give one that ndr backfill or ndr serve filled`,
    );
  }
  return openHome({ ...context, settings: { ...context.settings, home: folder } }, onExit);
}

export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
