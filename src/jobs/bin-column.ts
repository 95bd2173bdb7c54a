import { openRun, type RunReader } from './scratch-runs.ts';
import type { FeatureRun } from './spill-features.ts';

/** Runs of one job, open. */
export interface OpenRuns {
  readonly runs: readonly RunReader<FeatureRun>[];
  close(): void;
}

export function openRuns(paths: readonly string[]): OpenRuns {
  const runs = paths.map((path) => openRun<FeatureRun>(path));
  return {
    runs,
    close() {
      for (const run of runs) run.close();
    },
  };
}

/** Rows of a bin in all runs. */
export const rowsOfBin = (runs: OpenRuns['runs'], bin: number): number =>
  runs.reduce((rows, run) => rows + run.rowsOf(bin), 0);

/**
 * Reads a column of a bin out of all runs into `target`, row i, counted run after run, to placeOf[i]; without places, to i.
 */
export function readColumn(
  runs: OpenRuns['runs'],
  bin: number,
  column: number,
  target: Float64Array,
  placeOf: Uint32Array | null,
): void {
  let row = 0;
  for (const run of runs) {
    const rows = run.rowsOf(bin);
    const values = run.column(bin, column);
    if (placeOf === null) {
      if (values === undefined) target.fill(0, row, row + rows);
      else target.set(values, row);
    } else if (values === undefined) {
      for (let i = 0; i < rows; i++) target[placeOf[row + i]!] = 0;
    } else {
      for (let i = 0; i < rows; i++) target[placeOf[row + i]!] = values[i]!;
    }
    row += rows;
  }
}
