/** Backfills in processes of their own that are killed at random moments and started again until they finish. */

import { existsSync, type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type Dice, seededDice } from '../../src/simulation/seeded-dice.ts';
import { lastingIndex } from './committed-lake.ts';
import { contentOf, traceOf, unfinishedIn } from './folder-content.ts';
import { watchLake } from './lake-watch.ts';
import { ID_PATTERN } from './mini-batch-folders.ts';
import { type Ended, startNdr } from './ndr-process.ts';

export interface KillTrial {
  readonly raw: string;
  /** A home that was filled from `raw` without disturbance. */
  readonly reference: string;
  /** Mini-batches below `raw`. */
  readonly miniBatches: number;
  readonly kills: number;
  readonly seed: number;
  readonly reader: DuckDBConnection;
  /** Place for a home that does not exist yet; a trial uses as many as it needs for its kills. */
  readonly newHome: (round: number) => string;
}

export interface KillReport {
  readonly faults: readonly string[];
  readonly kills: number;
  /** Homes that were filled to the end. */
  readonly homes: number;
  /** Kills that left files which did not count. */
  readonly halfWay: number;
  /** Looks that a reader took while a run was under way, and the files that it read. */
  readonly looks: number;
  readonly filesRead: number;
}

const backfillArgs = (home: string, raw: string): string[] => ['backfill', '--home', home, '--input', raw, '--json'];
const settingsOf = (shards: number, threads: number) => ({
  NDR_INPUT_ID_PATTERN: ID_PATTERN,
  NDR_SHARDS: `${shards}`,
  NDR_THREADS: `${threads}`,
});

type BackfillRun = ReturnType<typeof startBackfill>;

/** Starts a backfill. `committed` counts what it has committed so far. */
export function startBackfill(home: string, raw: string, shards = 1, threads = 1) {
  let committed = 0;
  let hear = (): void => {};
  const child = startNdr(backfillArgs(home, raw), settingsOf(shards, threads), (line) => {
    if (!line.includes('"outcome":"committed"')) return;
    committed++;
    hear();
  });
  return {
    ...child,
    committed: () => committed,
    /** Resolves when it has committed so many, or has ended. */
    async hasCommitted(count: number): Promise<void> {
      const reached = new Promise<void>((resolve) => {
        hear = () => committed >= count && resolve();
        hear();
      });
      await Promise.race([reached, child.ended]);
    },
  };
}

/** Kills as often as asked, over as many homes as that takes; every home ends up compared with the reference. */
export async function killBackfills(trial: KillTrial): Promise<KillReport> {
  const faults: string[] = [];
  let [kills, homes, halfWay, looks, filesRead] = [0, 0, 0, 0, 0];
  while (kills < trial.kills && faults.length === 0) {
    const home = trial.newHome(homes);
    const watch = watchLake(home, trial.reader);
    const dice = seededDice(trial.seed, 'kills', homes);
    for (;;) {
      const end = await runAndKill(trial, home, dice, kills < trial.kills, watch.readAsReader);
      watch.inspectFiles();
      if (end.signal === 'SIGKILL') {
        kills++;
        if (watch.leftovers().length > 0) halfWay++;
      } else if (end.code === 0) break;
      else {
        faults.push(`a run after ${kills} kills ended with ${end.code}: ${end.stderr}`);
        break;
      }
    }
    faults.push(...watch.report.faults, ...(await differencesOf(home, trial)));
    looks += watch.report.looks;
    filesRead += watch.report.filesRead;
    homes++;
  }
  return { faults, kills, homes, halfWay, looks, filesRead };
}

/** One run, killed at a random moment if it lives so long, read by a reader all the while. */
async function runAndKill(
  { raw, miniBatches, kills }: KillTrial,
  home: string,
  dice: Dice,
  isToBeKilled: boolean,
  look: () => Promise<void>,
): Promise<Ended> {
  const run = startBackfill(home, raw, dice.pick([1, 3]), dice.pick([1, 2]));
  let isOver = false;
  const over = run.ended.then(() => {
    isOver = true;
  });
  const reading = (async () => {
    while (!isOver) {
      await look();
      await Promise.race([sleep(50), over]);
    }
  })();
  if (isToBeKilled) {
    const most = Math.max(1, Math.round((1.6 * miniBatches) / kills));
    await momentOf(run, home, dice, most);
    run.process.kill('SIGKILL');
  }
  const end = await run.ended;
  await reading;
  return end;
}

/**
 * Resolves at a random moment of a run, or at its end: while the program starts, reads its state and settles slices; at
 * any time of its work; or, to hit commits, which take a small part of that time, right when it writes some file.
 */
async function momentOf(run: BackfillRun, home: string, dice: Dice, most: number): Promise<void> {
  const kind = dice.pick(['start', 'work', 'work', 'write', 'write', 'write']);
  const wait = dice.between(0, kind === 'start' ? 900 : 200);
  const writes = dice.between(1, 60);
  if (kind !== 'start') await run.hasCommitted(dice.between(1, most));
  if (kind === 'write') await writesIn(home, writes, run.ended);
  else await Promise.race([sleep(wait), run.ended]);
}

/** Resolves when that many changes were seen in the folders where files come into being, or at the end of the run. */
async function writesIn(home: string, count: number, ended: Promise<unknown>): Promise<void> {
  const scratch = ['lake/_tmp', 'state/items/_tmp', 'state/windows/_tmp'].map((folder) => join(home, folder));
  const watchers: FSWatcher[] = [];
  let seen = 0;
  const written = new Promise<void>((resolve) => {
    for (const folder of scratch.filter((path) => existsSync(path)))
      watchers.push(watch(folder, () => ++seen >= count && resolve()));
  });
  await Promise.race([written, ended]);
  for (const watcher of watchers) watcher.close();
}

/** What sets a finished home apart from the reference. One further run must find nothing to do. */
export async function differencesOf(
  home: string,
  { reference, raw, miniBatches }: Pick<KillTrial, 'reference' | 'raw' | 'miniBatches'>,
): Promise<string[]> {
  const faults = unfinishedIn(home).map((path) => `${path} was left behind`);
  for (const part of ['lake', 'quarantine'])
    faults.push(...unequal(part, contentOf(join(reference, part)), contentOf(join(home, part))));
  faults.push(...unequal('index', lastingIndex(reference), lastingIndex(home)));
  const before = traceOf(home);
  const { code, stdout } = await startBackfill(home, raw).ended;
  const summary = JSON.stringify({ summary: { committed: 0, unchanged: 0, skipped: miniBatches, failed: 0 } });
  if (code !== 0 || stdout.at(-1) !== summary) faults.push(`a further run ended with ${code}: ${stdout.at(-1)}`);
  return [...faults, ...unequal('a further run', before, traceOf(home))];
}

function unequal(what: string, expected: Record<string, unknown>, actual: Record<string, unknown>): string[] {
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].sort();
  const show = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
  return keys
    .filter((key) => show(expected[key]) !== show(actual[key]))
    .map((key) => `${what}: ${key}: expected ${show(expected[key])}, got ${show(actual[key])}`);
}
