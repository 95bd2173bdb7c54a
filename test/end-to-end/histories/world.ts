/** What firewalls may send over weeks, before anyone has delivered it. */

import fc from 'fast-check';
import { QUARTER } from '../../operators/product-options.ts';
import { FIRST_END, recordBefore } from '../../operators/random-traffic.ts';
import type { OracleParameters } from '../../oracle/oracle.ts';
import { idOf } from '../../support/mini-batch-folders.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;

export interface PlannedMiniBatch {
  /** Holds the instant of its notification, as `ID_PATTERN` reads it. */
  readonly id: string;
  /** ms UTC. */
  readonly sliceEnd: number;
  /** The instant that the id holds, ms UTC. */
  readonly batchEnd: number;
  /** Lines of one file after the other; the first is there from its delivery on. */
  readonly files: readonly (readonly string[])[];
}

export interface World {
  readonly miniBatches: readonly PlannedMiniBatch[];
  readonly parameters: OracleParameters;
}

/** Around the edges of the windows and of three days: a quarter, an hour, 8 h, midnight, 24 h, two days on. */
const QUARTERS = [0, 0, 1, 2, 3, 4, 5, 31, 32, 33, 62, 63, 64, 95, 96, 97, 100, 128, 160, 191, 192, 193];
const dense = fc.constantFrom(...QUARTERS).map((quarters) => FIRST_END + 32 * DAY + quarters * QUARTER);
/** Around the edges of the lookbacks of those: the same quarter, midnight, a day, 29 to 31 days before. */
const sparse = fc
  .tuple(fc.constantFrom(0, 1, 1, 2, 2, 3, 3, 4, 16, 31), fc.constantFrom(0, 0, -33, -32, 63, 64, 1))
  .map(([days, quarters]) => FIRST_END + days * DAY + quarters * QUARTER);

/** Ends the ids of mini-batches that hold mostly what is no record: they fail, and count nowhere. */
export const NOISE = 'noise';
const NOISE_LINES = Array.from({ length: 120 }, (_, n) => `noise ${n}`);
export const isNoise = (id: string): boolean => id.endsWith(`-${NOISE}`);

const place = fc.record({
  sliceEnd: fc.oneof({ weight: 2, arbitrary: dense }, { weight: 1, arbitrary: sparse }),
  /** Notified so long after the end of its slice. */
  minutes: fc.constantFrom(0, 0, 2, 14),
  letter: fc.oneof({ weight: 14, arbitrary: fc.constantFrom('a', 'b') }, { weight: 1, arbitrary: fc.constant(NOISE) }),
});

const ADDRESSES = [
  ...['10.0.0.1', '10.0.0.2', '::ffff:10.0.0.2', '10.0.1.9', 'fd00::1'],
  ...['8.8.8.8', '203.0.113.7', '203.0.113.8', '2001:db8::5'],
];

/** Few addresses a mini-batch: its hosts and peers are known to some others, and new to the rest. */
const filesBefore = (sliceEnd: number): fc.Arbitrary<string[][]> =>
  fc.subarray(ADDRESSES, { minLength: 2, maxLength: 5 }).chain((addresses) => {
    const line = recordBefore(sliceEnd, fc.constantFrom(...addresses)).map((record) => JSON.stringify(record));
    const file = fc.array(line, { maxLength: 10, size: 'max' });
    return fc.array(file, { minLength: 1, maxLength: 3, size: 'max' });
  });

const parameters = fc.record({
  minDays: fc.constantFrom(0, 0, 0, 1, 7),
  rareThresholds: fc.constantFrom({ peer: 1, port: 1 }, { peer: 2, port: 3 }),
  pairCap: fc.constantFrom(65_536, 65_536, 3),
});

export const anyWorld: fc.Arbitrary<World> = fc
  .uniqueArray(place, {
    minLength: 4,
    maxLength: 8,
    selector: ({ sliceEnd, minutes, letter }) => [sliceEnd, minutes, letter].join(),
  })
  .chain((places) =>
    fc.record({
      parameters,
      miniBatches: fc.tuple(
        ...places.map(({ sliceEnd, minutes, letter }) => {
          const batchEnd = sliceEnd + minutes * MINUTE;
          const id = `${idOf(batchEnd)}-${letter}`;
          return filesBefore(sliceEnd).map(([first, ...others]): PlannedMiniBatch => {
            const files = [letter === NOISE ? [...NOISE_LINES, ...first!] : first!, ...others];
            return { id, sliceEnd, batchEnd, files };
          });
        }),
      ),
    }),
  );

/** The same parameters for the program, by job. */
export const specsOf = ({ minDays, rareThresholds, pairCap }: OracleParameters): Record<string, unknown> => ({
  project_parameters: { pair_cap: pairCap },
  fg_a_builder: { lookback30d: { min_days: minDays, rare_thresholds: rareThresholds } },
});
