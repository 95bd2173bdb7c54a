import { isEqual } from '../jobs/dataset-diff.ts';
import type { Verified } from '../jobs/verification.ts';
import { formatInstant } from '../operators/time.ts';
import { datasetJson, describeDataset } from './diff-report.ts';

export function verifiedJson(verified: Verified, outcome: string): string {
  const { batch } = verified;
  const mini_batch = {
    mini_batch_id: batch.miniBatchId,
    slice_end_ts: formatInstant(batch.sliceEnd),
    revision: batch.revision,
    outcome,
  };
  if (verified.is === 'unverifiable') return JSON.stringify({ ...mini_batch, reasons: verified.reasons });
  const { hosts, datasets, doubts, leftOut } = verified;
  return JSON.stringify({
    ...mini_batch,
    hosts,
    datasets: Object.fromEntries(datasets.map((dataset) => [dataset.dataset, datasetJson(dataset)])),
    although: doubts,
    not_verified: leftOut,
  });
}

/** Raw files named one by one, at most. */
const MOST_REASONS = 20;

export function describeVerified(verified: Verified, outcome: string): string[] {
  const { batch } = verified;
  const name = `${batch.miniBatchId}: slice ending ${formatInstant(batch.sliceEnd)}, revision ${batch.revision}`;
  if (verified.is === 'unverifiable') return [`${name}: cannot be verified`, ...few(verified.reasons)];
  const { hosts, datasets, doubts, leftOut } = verified;
  const rows = datasets.map(({ dataset, rowsA }) => `${dataset} ${rowsA}`).join(', ');
  return [
    `${name}: ${outcome === 'equal' ? 'equals what the raw logs give' : 'DIFFERS from what the raw logs give'}`,
    `  rows compared: ${rows}; windows of ${hosts.length} hosts`,
    ...(doubts.length === 0 ? [] : ['  although:', ...few(doubts)]),
    ...(leftOut === null ? [] : [`  not verified (${leftOut.why}): ${leftOut.columns.join(', ')}`]),
    ...datasets
      .filter((dataset) => !isEqual(dataset))
      .flatMap((dataset) => describeDataset(dataset).map((line) => `  ${line}`)),
  ];
}

function few(reasons: readonly string[]): string[] {
  const untold = reasons.length - MOST_REASONS;
  return [
    ...reasons.slice(0, MOST_REASONS).map((reason) => `    ${reason}`),
    ...(untold > 0 ? [`    and ${untold} more`] : []),
  ];
}
