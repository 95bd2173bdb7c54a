import { type Transform as Bend, transformed } from './baseline-metrics.ts';
import type { DeviationBlock } from './deviation-block.ts';
import { clipped } from './deviation-transforms.ts';

/** Bound of a behaviour. */
const BEHAVIOUR_MAX = 8;

/** Bends a metric's values as its kind asks. */
export function bendValues(x: Float64Array, count: number, by: Bend, bent: Float64Array): void {
  for (let i = 0; i < count; i++) bent[i] = transformed(x[i]!, by);
}

/** Writes the behaviours of bent values, whose pair is (bent median, scale of the bent values), to out[at ..]. */
export function writeBehaviours(
  bent: Float64Array,
  { centre, scale }: Pick<DeviationBlock, 'centre' | 'scale'>,
  count: number,
  out: Float64Array,
  at: number,
): void {
  for (let i = 0; i < count; i++) out[at + i] = clipped((bent[i]! - centre[i]!) / scale[i]!, BEHAVIOUR_MAX);
}
