/** Random histories of small projects: what comes late, twice, damaged or lost leaves no trace in the rows. */

import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Tally } from '../../test/end-to-end/histories/ledger.ts';
import { addTally } from '../../test/end-to-end/histories/random-histories.ts';
import { count, type Section, table } from './evidence.ts';

const SEARCH = join(import.meta.dirname, 'history-search.ts');
/** Histories of one process: they share what it takes to start and compile. */
const SHARE = 50;
const PROCESSES = availableParallelism();
/** A seed that fails is told; after some, more of them say nothing new. */
const ENOUGH_FAULTS = 5;

interface Share {
  readonly faults: readonly string[];
  readonly histories: number;
  readonly tally: readonly (readonly [string, number])[];
}

export async function proveHistories(
  { histories, seed }: { readonly histories: number; readonly seed: number },
  say: (line: string) => void,
): Promise<Section> {
  const tally: Tally = new Map();
  const faults: string[] = [];
  let [done, failed, next] = [0, 0, 0];
  const shares = Math.ceil(histories / SHARE);
  const begun = performance.now();
  const work = async (): Promise<void> => {
    while (next < shares && failed < ENOUGH_FAULTS) {
      const share = next++;
      const runs = Math.min(SHARE, histories - share * SHARE);
      const found = await search(runs, seed * 1_000_000 + share);
      done += found.histories;
      failed += Number(found.faults.length > 0);
      faults.push(...found.faults);
      addTally(tally, new Map(found.tally));
      say(`histories: ${done} of ${histories}, ${failed} of ${next} shares broke a law`);
    }
  };
  await Promise.all(Array.from({ length: PROCESSES }, work));
  const seconds = (performance.now() - begun) / 1000;
  return { faults, lines: describe(done, seed, seconds, tally) };
}

const run = promisify(execFile);

async function search(runs: number, seed: number): Promise<Share> {
  try {
    const { stdout } = await run(
      process.execPath,
      ['--no-memory-protection-keys', '--max-semi-space-size=64', SEARCH, `${runs}`, `${seed}`],
      {
        maxBuffer: 64 << 20,
      },
    );
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as Share;
  } catch (error) {
    return { faults: [`${runs} histories of seed ${seed} ended in ${String(error)}`], histories: 0, tally: [] };
  }
}

function describe(histories: number, seed: number, seconds: number, tally: Tally): string[] {
  const rows = [...tally].sort(([a], [b]) => (a < b ? -1 : 1)).map(([what, times]) => [what, times]);
  return [
    `${count(histories)} random histories (seeds ${seed * 1_000_000} and on), ${((seconds * PROCESSES) / Math.max(1, histories)).toFixed(1)} s each in ${PROCESSES} processes at once. Each is a project of 4 to 8 mini-batches of up to 30 records`,
    'from small pools: most within three days at the edges of the windows, some at the edges of the 30-day lookback, several in one slice. They arrive in any',
    'order, their files early or late, and are taken by backfills (of everything, of a range) and single runs under changing numbers of shards and threads and',
    'hours of kept state; in between files come twice, blocks of state are lost or damaged, the index is lost and rebuilt from the manifests, and anything is',
    'replayed; some mini-batches are moved to another slice, some are mostly noise and fail. At the end what is affected is published again, and',
    '',
    '- a home filled in order has, in every column of every dataset, what the row-at-a-time oracle says; its first mini-batches were computed before any later',
    '  one existed, its last ones after the raw files of the first were gone (and for half of the histories all state), and nothing of the first changed;',
    '- the home with the history has the same files, but for FG-A rows whose lookback changed more than a day behind them: there every column that does not',
    '  look back is the same, and those that do are what the oracle makes of what was committed when the row was computed;',
    '- after a replay of everything all files are the same; one more backfill writes nothing, and nothing unfinished is left.',
    '',
    ...table(['what happened', 'times'], rows as (string | number)[][]),
  ];
}
