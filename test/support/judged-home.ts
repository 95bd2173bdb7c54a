/** A whole home against the oracle. */

import { judge, type OracleParameters } from '../oracle/oracle.ts';
import { DATASETS, openReader, readManifests, readRows } from './committed-lake.ts';
import type { MiniBatch } from './mini-batch-folders.ts';
import { qualityFaults } from './quality-agreement.ts';
import { agreementOf, judgedRows } from './row-agreement.ts';

/**
 * What sets a home apart from what the oracle makes of `miniBatches`: every column of every dataset, and what the
 * quality rules met. Slices must have been settled at their ends.
 */
export async function judgedFaults(
  home: string,
  miniBatches: readonly MiniBatch[],
  parameters: OracleParameters = {},
): Promise<string[]> {
  const outputs = judge(
    parameters,
    miniBatches.map((miniBatch) => ({ ...miniBatch, batchEnd: miniBatch.sliceEnd })),
  );
  const manifests = readManifests(home);
  const [found, expected] = [manifests, outputs].map((list) => list.map(({ mini_batch_id: id }) => id).join(' '));
  if (found !== expected) return [`mini-batches are ${found}, expected ${expected}`];
  const reader = await openReader();
  const faults = outputs.flatMap((output, n) => qualityFaults(output, manifests[n]!));
  for (const dataset of DATASETS) {
    const rows = await readRows(reader, home, manifests, dataset);
    for (const output of outputs) {
      const own = agreementOf(dataset, judgedRows(output, dataset), rows.get(output.mini_batch_id)!, 'all').faults;
      faults.push(...own.map((fault) => `${output.mini_batch_id} ${dataset}: ${fault}`));
    }
  }
  reader.closeSync();
  return faults;
}
