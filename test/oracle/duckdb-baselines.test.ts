import fc from 'fast-check';
import { expect, it } from 'vitest';
import { baselineOf } from './baselines.ts';
import { readsLookback } from './baselines-metrics.ts';
import type { BaselineOptions, BaselineRow } from './baselines-rows.ts';
import { openDuckdb } from './duckdb.ts';
import { duckdbHostQuantiles, duckdbPairSums } from './duckdb-baselines.ts';
import { type PairCount, pairTablesOf } from './rarity.ts';
import { DAY, MINUTE } from './times.ts';

const REF = Date.UTC(2026, 2, 12);
const METRICS = ['sessions_cnt_w_15m', 'deny_ratio_w_1h', 'new_peer_cnt_lookback30d_w_24h'];
/** Nothing is capped: rows count the same in SQL. */
const OPTIONS: BaselineOptions = { horizon: '7d', metrics: METRICS, keyMetrics: [], minDays: 3 };

const instant = fc.integer({ min: -1, max: 8 * 96 }).map((quarter) => REF - 10 * DAY + quarter * 15 * MINUTE);
const host = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.1.1');
const segmentOf = (address: string): string => `${address.split('.').slice(0, 3).join('.')}.0/24`;
const row: fc.Arbitrary<BaselineRow> = fc
  .record({
    host,
    sliceEnd: instant,
    miniBatchId: fc.constantFrom('a', 'b'),
    timeBand: fc.constantFrom('working_hours', 'off_hours'),
    isDegraded: fc.constantFrom(false, false, false, true),
    lookbackDays: fc.integer({ min: 0, max: 6 }),
    hostAgeDays: fc.integer({ min: 0, max: 6 }),
    values: fc.tuple(fc.constantFrom(0, 1, 2, 1000), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat({ max: 5 })),
  })
  .map((own) => ({ ...own, segment: segmentOf(own.host) }));
const pair: fc.Arbitrary<PairCount> = fc
  .record({
    host,
    dstIp: fc.constantFrom('192.0.2.1', '2001:db8::1'),
    dstPort: fc.constantFrom(443, 53),
    sliceEnd: instant,
    sessions: fc.integer({ min: 1, max: 3 }),
  })
  .map((own) => ({ ...own, segment: segmentOf(own.host) }));

it('SQL and the oracle agree on hosts and pairs', () =>
  fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(row, {
        minLength: 1,
        maxLength: 60,
        selector: ({ host: own, sliceEnd, miniBatchId }) => `${own} ${sliceEnd} ${miniBatchId}`,
      }),
      fc.array(pair, { minLength: 1, maxLength: 40 }),
      async (rows, pairs) => {
        const connection = await openDuckdb(1);
        const at = (ms: number): string => `make_timestamp(${ms}000)`;
        await connection.run(`CREATE TABLE features AS FROM (VALUES ${rows
          .map(
            (own) => `('${own.host}', '${own.segment}', ${at(own.sliceEnd)}, '${own.miniBatchId}', '${own.timeBand}',
              ${Number(own.isDegraded)}, ${own.lookbackDays}, ${own.hostAgeDays},
              ${Array.from(own.values, (value) => `${value}::DOUBLE`).join(', ')})`,
          )
          .join(
            ', ',
          )}) AS rows(host_ip, segment_id, window_end_ts, mini_batch_id, time_band, is_degraded, lookback_days,
            host_age_days, ${METRICS.join(', ')})`);
        await connection.run(
          `CREATE TABLE pairs AS FROM (VALUES ${pairs
            .map(
              (own) =>
                `('${own.host}', '${own.segment}', '${own.dstIp}', ${own.dstPort}, ${at(own.sliceEnd)}, ${own.sessions})`,
            )
            .join(', ')}) AS rows(src_ip, segment_id, dst_ip, dst_port, event_ts, sessions_cnt)`,
        );
        const baseline = baselineOf(rows, REF, OPTIONS);
        const tables = pairTablesOf(pairs, REF, OPTIONS);
        const source = {
          features: 'features',
          pairs: 'pairs',
          metrics: METRICS,
          ofLookback: METRICS.filter(readsLookback),
          minDays: 3,
          start: baseline.start,
          end: baseline.end,
        };

        const hosts = await duckdbHostQuantiles(connection, source);
        expect(hosts.map(({ host_ip }) => host_ip)).toEqual([...baseline.host.keys()].sort());
        for (const { host_ip, statistics, ...activity } of hosts) {
          expect(baseline.metadata.get(host_ip)).toMatchObject(activity);
          for (const [metric, own] of baseline.host.get(host_ip)!)
            for (const [name, value] of Object.entries(own)) {
              if (name === 'cold_start_flag') continue;
              const found = statistics[`${metric}_${name}`];
              if (value === null) expect(found).toBeNull();
              else expect(found).toBeCloseTo(value, 9);
            }
        }
        for (const [owner, table] of [
          ['src_ip', tables.host],
          ['segment_id', tables.segment],
        ] as const) {
          const sums = await duckdbPairSums(connection, source, owner);
          expect(sums.map((own) => `${own.owner}|${own.dst_ip}|${own.dst_port}`).sort()).toEqual(
            [...table.keys()].sort(),
          );
          for (const own of sums)
            expect(table.get(`${own.owner}|${own.dst_ip}|${own.dst_port}`)).toMatchObject({
              seen: own.seen,
              lastSeen: own.last_seen,
              activeDays: own.active_days,
            });
        }
        connection.closeSync();
      },
    ),
    { numRuns: 20 },
  ));
