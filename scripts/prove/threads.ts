/** Many shards and threads give what one of each gives. */

import { join } from 'node:path';
import { contentOf } from '../../test/support/folder-content.ts';
import type { CaptureRuns } from './capture-runs.ts';
import { type Section, table, totals } from './evidence.ts';

const MANY = { shards: 16, threads: 4 };

export async function proveThreads(runs: CaptureRuns, say: (line: string) => void): Promise<Section> {
  const faults: string[] = [];
  const rows: (string | number)[][] = [];
  for (const capture of runs.captures) {
    const one = await runs.run(capture, 1, 1);
    const many = await runs.run(capture, MANY.shards, MANY.threads);
    say(`${capture.name}: comparing`);
    const expected = contentOf(join(one.home, 'lake'));
    const actual = contentOf(join(many.home, 'lake'));
    const paths = [...new Set([...Object.keys(expected), ...Object.keys(actual)])];
    const different = paths.filter((path) => expected[path] !== actual[path]);
    faults.push(...one.faults, ...many.faults, ...different.map((path) => `${capture.name}: ${path} differs`));
    rows.push([
      capture.name,
      capture.miniBatches.length,
      paths.length,
      one.seconds.toFixed(1),
      many.seconds.toFixed(1),
    ]);
  }
  if (rows.length > 1) rows.push(totals(rows));
  const header = ['capture', 'mini-batches', 'files', 'seconds, 1 and 1', 'seconds, 16 and 4'];
  return {
    faults,
    lines: [
      `Each capture once with one shard and one thread and once with ${MANY.shards} shards and ${MANY.threads} threads: every file of the lake, manifests`,
      'included, is there on both sides and has the same bytes. Seconds are those of the whole process and of a machine that does other things too.',
      '',
      ...table(header, rows),
    ],
  };
}
