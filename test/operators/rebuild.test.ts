import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rebuildBlocks } from '../../src/operators/rebuild.ts';
import type { Table } from '../../src/operators/table.ts';
import type { SliceBlock } from '../../src/operators/windows.ts';
import { decodeBlock, encodeBlock } from '../../src/state/block-codec.ts';
import { decodeParquet, encodeParquet } from '../../src/state/parquet.ts';
import type { OracleMiniBatch, OracleParameters } from '../oracle/oracle.ts';
import { partsOf, runHistory, sliceOf } from './product-run.ts';
import { anyParameters, FIRST_END, historyOf, miniBatchAt, miniBatchOf } from './random-traffic.ts';

const COLUMNS = {
  delta: [
    ...[
      'host_ip',
      'role',
      'sessions_cnt',
      'allow_cnt',
      'drop_cnt',
      'alert_cnt',
      'rst_cnt',
      'aged_out_cnt',
      'zero_reply_cnt',
    ],
    ...[
      'short_session_cnt',
      'bytes_sent_sum',
      'bytes_recv_sum',
      'duration_sum',
      'max_sessions_per_minute',
      'tcp_cnt',
      'udp_cnt',
    ],
    ...['icmp_cnt', 'threat_cnt', 'traffic_cnt', 'high_risk_port_sessions_cnt', 'admin_port_sessions_cnt'],
    ...['fileshare_port_sessions_cnt', 'directory_port_sessions_cnt', 'db_port_sessions_cnt'],
  ],
  pairContext: [
    ...['host_ip', 'role', 'peer_ip', 'peer_port', 'sessions_cnt', 'deny_cnt', 'zero_reply_cnt', 'bytes_sent_sum'],
    ...['bytes_recv_sum', 'event_ts'],
  ],
} as const;

/** What is left of a table once it was written and the columns that windows need were read back. */
const throughParquet = (table: Table, columns: readonly string[]): Table =>
  decodeParquet(encodeParquet(table), table.schema, { source: 'part', columns });

interface Published {
  readonly miniBatch: OracleMiniBatch;
  readonly parameters: OracleParameters;
  readonly shards: number;
}

function rebuilt({ miniBatch, parameters, shards }: Published, partRows: number): SliceBlock[] {
  const { delta, pairContext } = partsOf(miniBatch, sliceOf(miniBatch, parameters, { shards }), partRows);
  return rebuildBlocks(
    { miniBatchId: miniBatch.id, sliceEnd: miniBatch.sliceEnd },
    delta.map((part) => throughParquet(part, COLUMNS.delta)),
    pairContext.map((part) => throughParquet(part, COLUMNS.pairContext)),
    shards,
  );
}

describe('blocks rebuilt from what was published', () => {
  it('give the same rows as the sealed ones, in the same bits', () => {
    fc.assert(
      fc.property(
        historyOf(5, 20),
        anyParameters,
        fc.constantFrom(1, 3),
        fc.constantFrom(1, 3, 20_000),
        (history, parameters, shards, partRows) => {
          const byId = new Map(
            history.map((miniBatch) => [miniBatch.id, rebuilt({ miniBatch, parameters, shards }, partRows)]),
          );
          const reopen = (block: SliceBlock, shard: number): SliceBlock => byId.get(block.miniBatchId)![shard]!;
          expect(runHistory(parameters, history, { shards, reopen })).toEqual(
            runHistory(parameters, history, { shards }),
          );
        },
      ),
      { numRuns: 20 },
    );
  });

  it('know that pairs were dropped', () => {
    const records = [1, 2, 3].map((n) => ({
      source_ip: '10.0.0.1',
      destination_ip: `9.9.9.${n}`,
      destination_port: 80,
    }));
    const miniBatch = miniBatchOf('a', FIRST_END, [...records, { ...records[0], source_ip: '10.0.0.2' }]);
    const [block] = rebuilt({ miniBatch, parameters: { pairCap: 2 }, shards: 1 }, 20_000);
    expect([...block!.roles.outbound.isCapped]).toEqual([1, 0]);
  });

  it('may be empty', () => {
    const blocks = rebuildBlocks({ miniBatchId: 'a', sliceEnd: FIRST_END }, [], [], 3);
    expect(blocks).toHaveLength(3);
    expect(blocks[2]).toMatchObject({
      miniBatchId: 'a',
      addresses: { count: 0 },
      roles: { inbound: { hosts: { length: 0 } } },
    });
  });

  it('say which column they miss', () => {
    const [delta] = partsOf(
      ...published(
        miniBatchOf('a', FIRST_END, [{ source_ip: '10.0.0.1', destination_ip: '9.9.9.9', destination_port: 1 }]),
      ),
    ).delta;
    const { tcp_cnt, ...columns } = delta!.columns;
    const { host_ip, ...nameless } = delta!.columns;
    const rebuild = (own: Table['columns']) => () =>
      rebuildBlocks({ miniBatchId: 'a', sliceEnd: FIRST_END }, [{ ...delta!, columns: own }], [], 1);
    expect(rebuild(columns)).toThrow('tcp_cnt');
    expect(rebuild(nameless)).toThrow('host_ip');
  });
});

const published = (miniBatch: OracleMiniBatch) => [miniBatch, sliceOf(miniBatch)] as const;

describe('a sealed block', () => {
  it('opens as what it was', () => {
    fc.assert(
      fc.property(historyOf(4, 15), anyParameters, (history, parameters) => {
        const reopen = (block: SliceBlock): SliceBlock => decodeBlock('slice', encodeBlock('slice', block))!;
        expect(runHistory(parameters, history, { shards: 2, reopen })).toEqual(
          runHistory(parameters, history, { shards: 2 }),
        );
      }),
      { numRuns: 10 },
    );
  });

  it('names only the addresses that it needs', () => {
    const records = [
      { source_ip: '10.0.0.1', destination_ip: '9.9.9.9', destination_port: 1 },
      { source_ip: '8.8.8.8', destination_ip: '2001:db8::1', destination_port: 1 },
      { source_ip: 'fd00::1', destination_ip: '2001:db8::2', destination_port: 1 },
    ];
    const { blocks } = sliceOf(miniBatchOf('a', FIRST_END, records));
    expect(blocks[0]!.addresses).toMatchObject({
      count: 4,
      texts: new Map([
        [1, '2001:db8::2'],
        [3, 'fd00::1'],
      ]),
    });
  });

  it('is no block once it is damaged, cut or another file', () => {
    const [miniBatch] = fc.sample(miniBatchAt(FIRST_END, 30), { numRuns: 1, seed: 7 });
    const bytes = encodeBlock('slice', sliceOf(miniBatch!).blocks[0]!);
    expect(decodeBlock('slice', bytes)).toBeDefined();
    expect(decodeBlock('slice', new Uint8Array(0))).toBeUndefined();
    expect(decodeBlock('slice', new TextEncoder().encode('PAR1 and so on, for long enough'))).toBeUndefined();
    for (let cut = 0; cut < bytes.length; cut += 7)
      expect(decodeBlock('slice', bytes.subarray(0, cut))).toBeUndefined();
    for (let i = 0; i < bytes.length; i++) {
      const damaged = Uint8Array.from(bytes);
      damaged[i]! ^= 1 << (i % 8);
      expect(decodeBlock('slice', damaged)).toBeUndefined();
    }
    expect(decodeBlock('slice', Uint8Array.of(...bytes, 0))).toBeUndefined();
  });
});
