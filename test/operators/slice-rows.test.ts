import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Row } from '../oracle/metrics.ts';
import { judge, type OracleMiniBatch, type OracleParameters } from '../oracle/oracle.ts';
import { sliceFaults } from './agreement.ts';
import { USUAL_ROLES } from './product-options.ts';
import { type SliceDatasets, type SliceVariation, sliceDatasetsOf, sliceOf } from './product-run.ts';
import { anyParameters, FIRST_END, type LogRecord, miniBatchAt, miniBatchOf, recordBefore } from './random-traffic.ts';

const faultsOf = (
  miniBatch: OracleMiniBatch,
  parameters: OracleParameters = {},
  how: SliceVariation = {},
): string[] => {
  const [expected] = judge({ ...parameters }, [miniBatch]);
  return sliceFaults(expected!, sliceDatasetsOf(miniBatch, sliceOf(miniBatch, parameters, how)));
};
const run = (records: readonly LogRecord[], parameters: OracleParameters = {}): SliceDatasets => {
  const miniBatch = miniBatchOf('a', FIRST_END, records);
  return sliceDatasetsOf(miniBatch, sliceOf(miniBatch, parameters));
};

describe('delta, pair context and pair counts', () => {
  it('are what the judge says, whatever the traffic, the specs, the shards and the files', () => {
    const how = fc.record({ shards: fc.constantFrom(1, 2, 5), files: fc.constantFrom(1, 3) });
    fc.assert(
      fc.property(miniBatchAt(FIRST_END, 60), anyParameters, how, (miniBatch, parameters, own) => {
        expect(faultsOf(miniBatch, parameters, own)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it('are what the judge says of hosts with many peers, capped or not', () => {
    const many = fc
      .nat(150)
      .map((n) => (n % 3 === 0 ? `198.51.${n % 7}.${n}` : n % 3 === 1 ? `2001:db8::${n}` : `10.0.0.${n % 5}`));
    const records = fc.array(recordBefore(FIRST_END, many), { minLength: 150, maxLength: 250, size: 'max' });
    fc.assert(
      fc.property(records, fc.constantFrom(1, 5, 33, 40, 65_536), (own, pairCap) => {
        expect(faultsOf(miniBatchOf('a', FIRST_END, own), { pairCap }, { shards: 2 })).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it('do not depend on the order of the records, to the last bit', () => {
    const pair = fc
      .array(recordBefore(FIRST_END), { maxLength: 60, size: 'max' })
      .chain((records) => fc.tuple(fc.constant(records), fc.shuffledSubarray(records, { minLength: records.length })));
    fc.assert(
      fc.property(pair, fc.constantFrom(2, 65_536), ([records, shuffled], pairCap) => {
        expect(run(shuffled, { pairCap })).toEqual(run(records, { pairCap }));
      }),
      { numRuns: 30 },
    );
  });

  it('stand in the order of their keys', () => {
    const port = (row: Row, name: string): number => (row[name] as number | null) ?? -1;
    const before = (a: Row, b: Row, names: readonly string[], numberName: string): boolean => {
      for (const name of names) if (a[name] !== b[name]) return a[name]! < b[name]!;
      return numberName === '' ? false : port(a, numberName) < port(b, numberName);
    };
    fc.assert(
      fc.property(miniBatchAt(FIRST_END, 60), fc.constantFrom(1, 3), (miniBatch, shards) => {
        const datasets = sliceDatasetsOf(miniBatch, sliceOf(miniBatch, {}, { shards }));
        for (const [rows, names, numberName] of [
          [datasets.delta, ['host_ip', 'role'], ''],
          [datasets.pair_context, ['host_ip', 'role', 'peer_ip'], 'peer_port'],
          [datasets.pair_counts, ['src_ip', 'dst_ip'], 'dst_port'],
        ] as const) {
          for (let i = 1; i < rows.length; i++) expect(before(rows[i - 1]!, rows[i]!, names, numberName)).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('are empty where there is nothing', () => {
    expect(run([])).toEqual({ delta: [], pair_context: [], pair_counts: [] });
    const outsiders = { source_ip: '8.8.8.8', destination_ip: '1.1.1.1', destination_port: 53 };
    expect(run([outsiders])).toMatchObject({ delta: [], pair_context: [], pair_counts: [{ sessions_cnt: 1 }] });
  });
});

describe('roles of their own', () => {
  it('may take the source port for the port of the peer', () => {
    const roles = { ...USUAL_ROLES, inbound: { ...USUAL_ROLES.inbound, port: 'sourcePort' } } as const;
    const swapped = ({ source_port, destination_port, ...record }: LogRecord): LogRecord => ({
      ...record,
      source_port: destination_port,
      destination_port: source_port,
    });
    const records = fc.array(recordBefore(FIRST_END), { maxLength: 40, size: 'max' });
    fc.assert(
      fc.property(records, (own) => {
        const miniBatch = miniBatchOf('a', FIRST_END, own);
        const found = sliceDatasetsOf(miniBatch, sliceOf(miniBatch, {}, { roles }));
        const ofRole = (rows: readonly Row[], role: string) => rows.filter((row) => row['role'] === role);
        const usual = run(own);
        const other = run(own.map(swapped));
        for (const dataset of ['delta', 'pair_context'] as const) {
          expect(ofRole(found[dataset], 'outbound')).toEqual(ofRole(usual[dataset], 'outbound'));
          expect(ofRole(found[dataset], 'inbound')).toEqual(ofRole(other[dataset], 'inbound'));
        }
        expect(found.pair_counts).toEqual(usual.pair_counts);
      }),
      { numRuns: 30 },
    );
  });
});
