/** The worked example: raw lines, and what they must become. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OracleMiniBatch, OracleParameters } from './oracle.ts';

const FOLDER = join(import.meta.dirname, '..', 'golden', 'worked-example');
const MINUTE = 60_000;
/** The end of the slice that is numbered 0 in the file names. */
const FIRST_SLICE_END = Date.UTC(2026, 2, 2, 8, 8, 0);

/** What the example was computed with. */
export const GOLDEN_PARAMETERS: OracleParameters = { minDays: 0, highRiskSegments: ['203.0.113.0/24'] };

export interface GoldenOutput {
  readonly mini_batch_id: string;
  readonly slice_start_ts?: string;
  readonly slice_end_ts?: string;
  readonly delta?: readonly Readonly<Record<string, unknown>>[];
  readonly pair_context?: readonly Readonly<Record<string, unknown>>[];
  readonly pair_counts?: readonly Readonly<Record<string, unknown>>[];
  readonly fg_a: readonly Readonly<Record<string, unknown>>[];
}

export function readGoldenMiniBatches(): OracleMiniBatch[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.jsonl'));
  return names.map((name) => {
    const id = name.slice(0, -'.jsonl'.length);
    const sliceEnd = FIRST_SLICE_END + Number(id.split('-')[1]) * 15 * MINUTE;
    const lines = readFileSync(join(FOLDER, name), 'utf8').split('\n');
    return { id, sliceEnd, batchEnd: sliceEnd, lines };
  });
}

export function readGoldenOutputs(name: 'expected.json' | 'expected-min-days-1.json'): GoldenOutput[] {
  return JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as GoldenOutput[];
}
