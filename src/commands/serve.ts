import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { runMiniBatch } from '../consumers/mini-batch.ts';
import { type MiniBatchFolder, miniBatchFolderOf } from '../consumers/settle-slice.ts';
import { scope } from '../lifecycle.ts';
import { codeOf } from '../state/durable-file.ts';
import { listRawFiles, type RawFile } from '../state/raw-files.ts';
import { sweepSuperseded } from '../state/sweep.ts';
import { orderFolders } from './backfill.ts';
import { type Command, type CommandContext, EXIT, neededFlag } from './command.ts';
import { findMiniBatchFolders } from './folders.ts';
import { type Home, openHome } from './home.ts';
import { tell } from './report.ts';

export const serve: Command = {
  summary: 'Watch a directory and commit every mini-batch as it becomes complete, until stopped.',
  usage: 'ndr serve --input ROOT',
  examples: ['ndr serve --input /var/spool/firewall', 'NDR_COMPLETENESS_MARKER=_SUCCESS ndr serve --input logs'],
  flags: { input: { type: 'string', value: 'ROOT', doc: 'Folder below which mini-batches arrive.' } },
  run: (context) =>
    scope(async (onExit) => {
      const root = resolve(neededFlag(context, 'input', 'the folder below which mini-batches arrive'));
      const home = await openHome(context, onExit);
      context.terminal.note(`watching ${root}; lake: ${home.lakeFolder}; stop with Ctrl-C`);
      await watch(context, home, root);
      context.terminal.note('stopped');
      return EXIT.done;
    }),
};

/** What was last seen and taken of a folder: the same files need not be looked into again. */
type Taken = Map<string, string>;

async function watch(context: CommandContext, home: Home, root: string): Promise<void> {
  const { settings, stop, terminal, clock } = context;
  const taken: Taken = new Map();
  let lastSweep = clock();
  while (!stop.aborted) {
    for (const folder of await completeFolders(context, home, root, taken)) {
      if (stop.aborted) return;
      const files = await listRawFiles(folder.path);
      try {
        const { deps, spec, sliceRules } = home;
        const outcome = await runMiniBatch(deps, { spec, folder, sliceRules });
        taken.set(folder.path, signatureOf(files));
        if (outcome.is !== 'skipped') tell(outcome, terminal, context.flags['json'] === true);
      } catch (error) {
        // Anything unforeseen may pass: the folder is taken again with the next look.
        terminal.note(`error: ${folder.miniBatchId}: ${String(error)}; it is tried again`);
      }
    }
    const grace = settings['lake.gc_grace_seconds'] * 1000;
    if (clock() - lastSweep > Math.max(grace, 60_000)) {
      lastSweep = clock();
      const { lake, index } = home.deps;
      const { project, featureSpecVersion: version } = home.spec;
      const report = await sweepSuperseded({ lake, index, project, version, nowMs: clock(), graceMs: grace });
      for (const fault of report.faults) terminal.note(`warning: ${fault}`);
    }
    await pause(settings['serve.poll_seconds'] * 1000, stop);
  }
}

/** Folders with something new that is complete, by (slice_end, mini_batch_id). */
async function completeFolders(
  context: CommandContext,
  home: Home,
  root: string,
  taken: Taken,
): Promise<MiniBatchFolder[]> {
  const ready: MiniBatchFolder[] = [];
  for (const path of await findMiniBatchFolders(root)) {
    const files = await listRawFiles(path);
    if (taken.get(path) === signatureOf(files)) continue;
    if (await isComplete(path, files, context)) ready.push(miniBatchFolderOf(path));
  }
  return (await orderFolders(context, home, ready)).map(({ folder }) => folder);
}

const signatureOf = (files: readonly RawFile[]): string =>
  files.map(({ name, size, modifiedMs }) => `${name} ${size} ${modifiedMs}`).join('\n');

/**
 * A mini-batch is complete when its marker exists, when its newest file has not changed for a while, or when its oldest
 * one has waited long enough (which is said).
 */
async function isComplete(
  path: string,
  files: readonly RawFile[],
  { settings, clock, terminal }: CommandContext,
): Promise<boolean> {
  const marker = settings['completeness.marker'];
  if (marker !== null && (await exists(join(path, marker)))) return true;
  const age = (pick: (...times: number[]) => number): number =>
    (clock() - pick(...files.map(({ modifiedMs }) => modifiedMs))) / 1000;
  if (marker === null && age(Math.max) >= settings['completeness.settle_seconds']) return true;
  const waited = age(Math.min);
  if (waited < settings['completeness.max_wait_seconds']) return false;
  terminal.note(`warning: ${path}: taken as it is after ${Math.round(waited)} s; ${reasonOf(settings)}`);
  return true;
}

const reasonOf = (settings: Settings): string =>
  settings['completeness.marker'] === null
    ? 'its files kept changing'
    : `${settings['completeness.marker']} never came`;

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    stop.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    }
  });
}
