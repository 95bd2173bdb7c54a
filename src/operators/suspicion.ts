import type { DeviationBlock } from './deviation-block.ts';

/** How far a metric is above what is usual at its height: x the value, f the floor of its kind. */
export const SUSPICIONS = {
  excess_over_p95: { formula: 'max(0, x - p95)', doc: 'Above the 95th percentile' },
  excess_ratio_p95: { formula: '(x + f) / (p95 + f)', doc: 'Times the 95th percentile' },
  iqr_dev: { formula: '(x - median) / max(iqr, f)', doc: 'Distance from the median in interquartile ranges' },
} as const;
export type Suspicion = keyof typeof SUSPICIONS;
export const SUSPICION_NAMES = Object.keys(SUSPICIONS) as readonly Suspicion[];

/**
 * Writes the three suspicions of the block's rows, whose pair is (p95, max(iqr, f)), to out[at ..], each `stride` behind the
 * one before.
 *
 * @param median of the rows.
 * @param floor of the metric's kind.
 */
export function writeSuspicions(
  { x, centre, scale }: Pick<DeviationBlock, 'x' | 'centre' | 'scale'>,
  median: Float64Array,
  count: number,
  floor: number,
  out: Float64Array,
  at: number,
  stride: number,
): void {
  for (let i = 0; i < count; i++) {
    out[at + i] = Math.max(0, x[i]! - centre[i]!);
    out[at + stride + i] = (x[i]! + floor) / (centre[i]! + floor);
    out[at + 2 * stride + i] = (x[i]! - median[i]!) / scale[i]!;
  }
}
