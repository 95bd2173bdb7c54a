/** Captures, split into folders, through the command line; each configuration runs once. */

import { basename, join } from 'node:path';
import { CAPTURE_FIELD_MAPPING, writeCaptureFolders } from '../../test/oracle/captures.ts';
import type { OracleMiniBatch } from '../../test/oracle/oracle.ts';
import { writeSpecs } from '../../test/support/command-run.ts';
import { runNdr } from '../../test/support/ndr-process.ts';

export interface Capture {
  readonly name: string;
  /** Root of its raw folders. */
  readonly raw: string;
  readonly miniBatches: readonly OracleMiniBatch[];
  readonly flows: number;
}

export interface CaptureRun {
  readonly home: string;
  readonly seconds: number;
  /** Why the command did not do what it should. */
  readonly faults: readonly string[];
}

export interface CaptureRuns {
  readonly captures: readonly Capture[];
  run(capture: Capture, shards: number, threads: number): Promise<CaptureRun>;
  /** Runs a backfill over a home that has seen it all; it must find nothing to do. */
  runAgain(capture: Capture, run: CaptureRun): Promise<string[]>;
}

export function captureRuns(paths: readonly string[], workplace: string, say: (line: string) => void): CaptureRuns {
  const captures = paths.map((path): Capture => {
    const name = basename(path).replace(/\.ndjson\.gz$/, '');
    const raw = join(workplace, name, 'raw');
    const miniBatches = writeCaptureFolders(path, raw);
    return { name, raw, miniBatches, flows: miniBatches.reduce((sum, { lines }) => sum + lines.length, 0) };
  });
  const done = new Map<string, Promise<CaptureRun>>();

  const run = async ({ name, raw, miniBatches }: Capture, shards: number, threads: number): Promise<CaptureRun> => {
    const home = join(workplace, name, `home-${shards}-${threads}`);
    writeSpecs(home, {
      delta_builder: { input: { field_mapping: CAPTURE_FIELD_MAPPING } },
      // Most captures are of hours: only so does anything become new.
      fg_a_builder: { lookback30d: { min_days: 0 } },
    });
    say(`${name}: backfill of ${miniBatches.length} mini-batches, shards ${shards}, threads ${threads}`);
    const begun = performance.now();
    const faults = await backfill(home, raw, shards, threads, { committed: miniBatches.length, skipped: 0 });
    return { home, seconds: (performance.now() - begun) / 1000, faults: faults.map((fault) => `${name}: ${fault}`) };
  };
  return {
    captures,
    run(capture, shards, threads) {
      const key = `${capture.name} ${shards} ${threads}`;
      const known = done.get(key) ?? run(capture, shards, threads);
      done.set(key, known);
      return known;
    },
    runAgain: ({ raw, miniBatches }, { home }) =>
      backfill(home, raw, 1, 1, { committed: 0, skipped: miniBatches.length }),
  };
}

async function backfill(
  home: string,
  raw: string,
  shards: number,
  threads: number,
  expected: { readonly committed: number; readonly skipped: number },
): Promise<string[]> {
  const { code, stdout, stderr } = await runNdr(['backfill', '--home', home, '--input', raw, '--json'], {
    NDR_INPUT_SLICE_TIME: 'max_event_end',
    NDR_SHARDS: `${shards}`,
    NDR_THREADS: `${threads}`,
  });
  const last = stdout.at(-1) ?? '';
  const { summary } = (last.startsWith('{') ? JSON.parse(last) : {}) as { summary?: Record<string, number> };
  const wanted = { committed: expected.committed, unchanged: 0, skipped: expected.skipped, failed: 0 };
  const isAsWanted = Object.entries(wanted).every(([name, value]) => summary?.[name] === value);
  return code === 0 && isAsWanted
    ? []
    : [`the backfill ended with ${code} and ${last}, expected ${JSON.stringify(wanted)}: ${stderr}`];
}
