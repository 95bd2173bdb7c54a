/** Generated traffic as mini-batches. */

import { officeTraffic } from '../../src/simulation/office.ts';
import { idOf, type MiniBatch } from './mini-batch-folders.ts';

export interface OfficeMiniBatches {
  readonly seed: number;
  /** Workstations. */
  readonly hosts: number;
  /** Where the first slice begins, ms UTC. */
  readonly start?: number;
  readonly slices: number;
  /** Indices of slices that deliver nothing at all. */
  readonly silent?: readonly number[];
  /** Indices of slices whose lines come as two mini-batches, `<id>-a` and `<id>-b`. */
  readonly doubled?: readonly number[];
  /** One line in so many is kept; 1 keeps all. */
  readonly thin?: number;
}

const START = Date.UTC(2026, 2, 2, 10, 8);

/** Mini-batches in their order. Their ids hold the slice's end, as `ID_PATTERN` reads it. */
export function officeMiniBatches(options: OfficeMiniBatches): MiniBatch[] {
  const { seed, hosts, slices, start = START, silent = [], doubled = [], thin = 1 } = options;
  const miniBatches: MiniBatch[] = [];
  for (const { index, end, lines } of officeTraffic({ seed, hosts, slices, start }).slices) {
    const kept = lines.filter((_, line) => line % thin === 0);
    const id = idOf(end);
    if (silent.includes(index)) continue;
    if (!doubled.includes(index)) miniBatches.push({ id, sliceEnd: end, lines: kept });
    else {
      // Every fifth line first: both halves hold the same hosts, and one is much smaller.
      const early = kept.filter((_, line) => line % 5 === 0);
      const late = kept.filter((_, line) => line % 5 !== 0);
      miniBatches.push({ id: `${id}-a`, sliceEnd: end, lines: early }, { id: `${id}-b`, sliceEnd: end, lines: late });
    }
  }
  return miniBatches;
}
