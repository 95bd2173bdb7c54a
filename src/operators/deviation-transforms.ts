import type { DeviationBlock } from './deviation-block.ts';
import type { Transform } from './deviation-metrics.ts';

/**
 * Writes a transform of the block's first `count` rows to out[at ..].
 *
 * @param floor of the metric's kind; `zMax` the bound of what is clipped.
 */
export function writeTransform(
  transform: Transform,
  { x, centre, scale }: Pick<DeviationBlock, 'x' | 'centre' | 'scale'>,
  count: number,
  floor: number,
  zMax: number,
  out: Float64Array,
  at: number,
): void {
  switch (transform) {
    case 'diff':
      for (let i = 0; i < count; i++) out[at + i] = x[i]! - centre[i]!;
      return;
    case 'ratio':
      for (let i = 0; i < count; i++) out[at + i] = (x[i]! + floor) / (centre[i]! + floor);
      return;
    case 'log_ratio':
      // Most cells are what they always are, and a logarithm costs ten times a comparison.
      for (let i = 0; i < count; i++) {
        out[at + i] = x[i] === centre[i] ? 0 : Math.log((x[i]! + floor) / (centre[i]! + floor));
      }
      return;
    case 'z_mad':
      for (let i = 0; i < count; i++) out[at + i] = (x[i]! - centre[i]!) / scale[i]!;
      return;
    case 'abs_dev_over_mad':
      for (let i = 0; i < count; i++) out[at + i] = Math.abs(x[i]! - centre[i]!) / scale[i]!;
      return;
    case 'z_mad_clipped':
      for (let i = 0; i < count; i++) out[at + i] = clipped((x[i]! - centre[i]!) / scale[i]!, zMax);
      return;
    default:
      for (let i = 0; i < count; i++) {
        const z = clipped((x[i]! - centre[i]!) / scale[i]!, zMax);
        out[at + i] = z * z * z;
      }
  }
}

/** A number within -bound .. bound. */
export const clipped = (value: number, bound: number): number =>
  value > bound ? bound : value < -bound ? -bound : value;
