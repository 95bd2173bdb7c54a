/** Many random histories, and how to see one of them again. */

import fc from 'fast-check';
import { type History, runHistory } from './history.ts';
import type { Tally } from './ledger.ts';
import { anyEnding, anyOperations } from './operations.ts';
import { anyWorld } from './world.ts';

export interface Search {
  readonly runs: number;
  readonly seed: number;
  /** The one history that an earlier search failed with. It is made as small as it can be, which takes minutes. */
  readonly path?: string | undefined;
}

export interface Found {
  /** None where every law held; else of the first history that broke one. */
  readonly faults: readonly string[];
  /** Histories that were run. */
  readonly histories: number;
  readonly tally: Tally;
}

class BrokenLaw extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.faults = faults;
  }
}

export async function searchHistories({ runs, seed, path }: Search): Promise<Found> {
  const tally: Tally = new Map();
  const details = await fc.check(
    fc.asyncProperty(anyWorld, anyOperations, anyEnding, async (world, operations, ending) => {
      const report = await runHistory({ world, operations, ending });
      addTally(tally, report.tally);
      if (report.faults.length > 0) throw new BrokenLaw(report.faults);
    }),
    { numRuns: runs, seed, ...(path === undefined ? { endOnFailure: true } : { path }) },
  );
  const found = { histories: details.numRuns, tally };
  if (!details.failed) return { ...found, faults: [] };
  const { errorInstance: error, counterexample, counterexamplePath } = details;
  const faults = error instanceof BrokenLaw ? error.faults : [error instanceof Error ? `${error.stack}` : `${error}`];
  const [world, operations, ending] = counterexample!;
  return {
    ...found,
    faults: [
      `see it again, made small: HISTORIES_SEED=${seed} HISTORIES_PATH=${counterexamplePath} npm test -- test/end-to-end/histories.test.ts`,
      ...faults,
      ...describe({ world, operations, ending }),
    ],
  };
}

export function addTally(sum: Tally, more: Tally): void {
  for (const [what, times] of more) sum.set(what, (sum.get(what) ?? 0) + times);
}

function describe({ world, operations, ending }: History): string[] {
  const { miniBatches, parameters } = world;
  return [
    `mini-batches, lines a file: ${miniBatches.map(({ id, files }) => `${id} ${files.map(({ length }) => length).join('+')}`).join(', ')}`,
    `parameters: ${JSON.stringify(parameters)}`,
    ...operations.map((operation, n) => `${n + 1}. ${JSON.stringify(operation)}`),
    `ending: ${JSON.stringify(ending)}`,
  ];
}
