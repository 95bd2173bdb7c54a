/** Backfills that are killed again and again end as one that was not. */

import { join } from 'node:path';
import { writeRaw } from '../../test/support/backfill-lab.ts';
import { openReader } from '../../test/support/committed-lake.ts';
import { filesBelow } from '../../test/support/folder-content.ts';
import { killBackfills, startBackfill } from '../../test/support/killed-backfill.ts';
import { officeMiniBatches } from '../../test/support/office-mini-batches.ts';
import { count, type Section } from './evidence.ts';

const TRAFFIC = { seed: 17, hosts: 4, slices: 37, silent: [9], doubled: [3, 4, 20, 30], thin: 4 };

export async function proveKills(
  { workplace, kills, seed }: { readonly workplace: string; readonly kills: number; readonly seed: number },
  say: (line: string) => void,
): Promise<Section> {
  const miniBatches = officeMiniBatches(TRAFFIC);
  const raw = join(workplace, 'kill', 'raw');
  const reference = join(workplace, 'kill', 'undisturbed');
  writeRaw(raw, miniBatches);
  say(`kill: undisturbed backfill of ${miniBatches.length} mini-batches`);
  const { code, stderr } = await startBackfill(reference, raw).ended;
  if (code !== 0) return { faults: [`the undisturbed backfill ended with ${code}: ${stderr}`], lines: [] };
  const reader = await openReader();
  const report = await killBackfills({
    raw,
    reference,
    miniBatches: miniBatches.length,
    kills,
    seed,
    reader,
    newHome: (round) => {
      say(`kill: home ${round + 1}`);
      return join(workplace, 'kill', `killed-${round}`);
    },
  });
  reader.closeSync();
  const lines = count(miniBatches.reduce((sum, { lines: own }) => sum + own.length, 0));
  return {
    faults: report.faults,
    lines: [
      `${miniBatches.length} mini-batches of generated traffic (seed ${TRAFFIC.seed}, ${lines} lines, some slices with two mini-batches, one with none); backfills by`,
      `the command, killed with SIGKILL ${report.kills} times at moments drawn with seed ${seed} (while starting, while working, while writing a file), with 1 or 3 shards`,
      `and 1 or 2 threads from run to run, and started again until done: ${report.homes} homes.`,
      '',
      `- ${report.halfWay} of the kills left files that did not count: unfinished ones, or whole ones that no committed manifest names.`,
      `- Every finished home equals an undisturbed one: the ${count(filesBelow(join(reference, 'lake')).length)} files of the lake (manifests included) and the quarantine byte for byte, the index items but for`,
      '  `committed_at`, `attempt_token` and `planned_at`. Nothing unfinished was left, and one more run changed no file.',
      `- After every kill each file of the lake was what its name says, and no manifest named a file that was not there. A reader that followed the`,
      `  index with DuckDB while the runs went on looked ${count(report.looks)} times, read ${count(report.filesRead)} files whole, and found each with the rows that its manifest says.`,
    ],
  };
}
