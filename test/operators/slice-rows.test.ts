import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge } from '../oracle/oracle.ts';
import { sliceFaults } from './agreement.ts';
import { sliceDatasetsOf, sliceOf } from './product-run.ts';
import { anyParameters, FIRST_END, miniBatchAt } from './random-traffic.ts';

describe('delta, pair context and pair counts', () => {
  it('are what the judge says, whatever the traffic, the specs, the shards and the files', () => {
    fc.assert(
      fc.property(
        miniBatchAt(FIRST_END, 60),
        anyParameters,
        fc.constantFrom(1, 2, 5),
        fc.constantFrom(1, 3),
        (miniBatch, parameters, shards, files) => {
          const slice = sliceOf(miniBatch, parameters, { shards, files });
          const [expected] = judge({ ...parameters, novelty: false }, [miniBatch]);
          expect(sliceFaults(expected!, sliceDatasetsOf(miniBatch, slice))).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  });
});
