/**
 * The independent judge: every dataset of every mini-batch, recomputed from raw lines, one row at a time.
 *
 * It shares no code, table or data structure with the product, and it is slow on purpose: a window visits the flows of
 * all its mini-batches again, so that code which carries partial results forward has something to be compared with.
 */

import { deltaRows, pairContextRows, pairCountRows } from './delta.ts';
import { type Committed, featurePairRows, featureRows } from './fg-a.ts';
import type { Row } from './metrics.ts';
import { pastPairsOf } from './novelty.ts';
import { compareText } from './numbers.ts';
import { type OracleParameters, settle } from './parameters.ts';
import { parseLines, type Rejected, SLICE } from './quality.ts';
import { type Block, sidesOf } from './sides.ts';

export interface OracleMiniBatch {
  readonly id: string;
  /** Epoch ms. */
  readonly sliceEnd: number;
  /** Epoch ms: the instant of the notification. */
  readonly batchEnd: number;
  readonly lines: readonly string[];
}

export interface OracleOutput {
  readonly mini_batch_id: string;
  /** Epoch ms, exclusive. */
  readonly slice_start_ts: number;
  /** Epoch ms, inclusive. */
  readonly slice_end_ts: number;
  readonly delta: readonly Row[];
  readonly pair_context: readonly Row[];
  readonly pair_counts: readonly Row[];
  readonly fg_a: readonly Row[];
  readonly fg_a_pair_context: readonly Row[];
  readonly quality: Readonly<Record<string, number>>;
  readonly rejected: readonly Rejected[];
  /** Why the mini-batch is quarantined whole (it then counts nowhere), or null. */
  readonly failure: string | null;
}

/** Judge the mini-batches in the order of (slice end, id), whatever order they come in. */
export function judge(parameters: OracleParameters, miniBatches: readonly OracleMiniBatch[]): OracleOutput[] {
  const settings = settle(parameters);
  const inOrder = [...miniBatches].sort((a, b) => a.sliceEnd - b.sliceEnd || compareText(a.id, b.id));
  const committed: Committed[] = [];
  return inOrder.map((miniBatch) => {
    const { id, sliceEnd, batchEnd } = miniBatch;
    const parsed = parseLines(miniBatch.lines, sliceEnd, settings);
    const isUsable = parsed.failure === null;
    const sides = isUsable ? sidesOf(parsed.flows, id, settings) : [];
    const block: Block = { id, sliceEnd, batchEnd, parsed, sides };
    if (isUsable) committed.push({ ...block, past: settings.novelty ? pastPairsOf(block) : [] });
    return {
      mini_batch_id: id,
      slice_start_ts: sliceEnd - SLICE,
      slice_end_ts: sliceEnd,
      delta: isUsable ? deltaRows(block, settings) : [],
      pair_context: isUsable ? pairContextRows(block, settings) : [],
      pair_counts: isUsable ? pairCountRows(block) : [],
      fg_a: isUsable ? featureRows(committed, settings) : [],
      fg_a_pair_context: isUsable ? featurePairRows(committed) : [],
      quality: parsed.quality,
      rejected: parsed.rejected,
      failure: parsed.failure,
    };
  });
}

export type { OracleParameters } from './parameters.ts';
