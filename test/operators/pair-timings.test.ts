import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PairTimings, pairTimingsOf, timedRowsOf } from '../../src/operators/pair-timings.ts';
import { rebuildTimings } from '../../src/operators/rebuild-timings.ts';
import type { Table } from '../../src/operators/table.ts';
import { decodeBlock, encodeBlock } from '../../src/state/block-codec.ts';
import { decodeParquet, encodeParquet } from '../../src/state/parquet.ts';
import { partsOf, sliceOf } from './product-run.ts';
import { anyParameters, FIRST_END, miniBatchAt, miniBatchOf } from './random-traffic.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const COLUMNS = ['host_ip', 'role', 'first_event_ts', 'starts', 'max_duration_ms'];
const throughParquet = (table: Table): Table =>
  decodeParquet(encodeParquet(table), table.schema, { source: 'part', columns: COLUMNS });

const timingsOf = (miniBatch: ReturnType<typeof miniBatchOf>, shards = 1, parameters = {}): PairTimings[] => {
  const { rows, batch } = sliceOf(miniBatch, parameters, { shards });
  const { id: miniBatchId, sliceEnd } = miniBatch;
  const identity = { miniBatchId, sliceEnd, addresses: batch.addresses };
  return rows.shards.map(({ outbound }) => pairTimingsOf(identity, timedRowsOf(outbound)));
};
const startsOf = ({ counts, starts }: PairTimings): number[][] => {
  let at = 0;
  return Array.from(counts, (count) => {
    at += count;
    return [...starts.subarray(at - count, at)];
  });
};

describe('timings of pairs', () => {
  it('rebuilt from what was published are the sealed ones', () => {
    fc.assert(
      fc.property(
        miniBatchAt(FIRST_END, 60),
        anyParameters,
        fc.constantFrom(1, 3),
        fc.constantFrom(1, 3, 20_000),
        (miniBatch, parameters, shards, partRows) => {
          const { pairContext } = partsOf(miniBatch, sliceOf(miniBatch, parameters, { shards }), partRows);
          const rebuilt = rebuildTimings(
            { miniBatchId: miniBatch.id, sliceEnd: miniBatch.sliceEnd },
            pairContext.map(throughParquet),
            shards,
          );
          const sealed = timingsOf(miniBatch, shards, parameters);
          expect(rebuilt).toEqual(sealed);
          expect(sealed.map((block) => decodeBlock('timings', encodeBlock('timings', block)))).toEqual(sealed);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('hold the starts of a day before the end of the slice, and those after it', () => {
    const at = (before: number, host = '10.0.0.1', port = 443) => ({
      source_ip: host,
      destination_ip: '203.0.113.7',
      destination_port: port,
      event_start: new Date(FIRST_END - before).toISOString(),
      event_end: new Date(FIRST_END - before + 5 * MINUTE).toISOString(),
    });
    const records = [
      ...[at(7 * MINUTE), at(-MINUTE), at(7 * MINUTE), at(DAY), at(DAY - 1)],
      ...[at(DAY, '10.0.0.2'), at(2 * MINUTE, '10.0.0.2', 22), { ...at(0, '10.0.0.3'), event_start: null }],
    ];
    const [timings] = timingsOf(miniBatchOf('a', FIRST_END, records));
    expect(startsOf(timings!)).toEqual([[DAY - 1, 7 * MINUTE, 7 * MINUTE, -MINUTE], [2 * MINUTE], [], []]);
    expect([...timings!.offsets]).toEqual([0, 1, 3, 4]);
    expect([...timings!.longestOfHost]).toEqual([5 * MINUTE, 5 * MINUTE, 0]);
  });
});
