import { compareRows } from '../oracle/compare.ts';
import type { OracleOutput } from '../oracle/oracle.ts';
import type { MiniBatchDatasets, SliceDatasets } from './product-run.ts';

const SLICE_KEYS = {
  delta: ['host_ip', 'role'],
  pair_context: ['host_ip', 'role', 'pair_key'],
  pair_counts: ['src_ip', 'dst_ip', 'dst_port'],
} as const;
const WINDOW_KEYS = { fg_a: ['host_ip'], fg_a_pair_context: ['host_ip', 'dst_ip', 'dst_port'] } as const;

/** What a mini-batch's delta, pair context and pair counts have otherwise than the judge. */
export function sliceFaults(expected: OracleOutput, actual: SliceDatasets): string[] {
  return Object.entries(SLICE_KEYS).flatMap(([name, keys]) => {
    const dataset = name as keyof typeof SLICE_KEYS;
    return compareRows(expected[dataset], actual[dataset], keys).map((fault) => `${dataset}: ${fault}`);
  });
}

/** The same for every dataset. */
export function allFaults(expected: OracleOutput, actual: MiniBatchDatasets): string[] {
  const windowFaults = Object.entries(WINDOW_KEYS).flatMap(([name, keys]) => {
    const dataset = name as keyof typeof WINDOW_KEYS;
    return compareRows(expected[dataset], actual[dataset], keys).map((fault) => `${dataset}: ${fault}`);
  });
  return [...sliceFaults(expected, actual), ...windowFaults];
}
