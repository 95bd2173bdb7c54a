/** Published baselines against SQL: order statistics of hosts of which no row was capped, activity, and all pairs. */

import type { DuckDBConnection } from '@duckdb/node-api';
import { readsLookback } from '../oracle/baselines-metrics.ts';
import { compareRows } from '../oracle/compare.ts';
import { type BaselineSource, duckdbHostQuantiles, duckdbPairSums } from '../oracle/duckdb-baselines.ts';
import type { JudgedHome } from './baseline-agreement.ts';
import { readBaselineRows } from './baseline-tables.ts';
import { fileScan, filesOf, type LakeRow } from './committed-lake.ts';
import type { Agreement } from './row-agreement.ts';

export interface SqlAgreement {
  /** Hosts by publication whose every statistic was compared, and those of which a row weighs less than the others. */
  readonly hosts: Agreement & { readonly capped: number };
  readonly pairs: Agreement;
}

export async function baselineSqlAgreement(
  reader: DuckDBConnection,
  home: string,
  { history, publications }: JudgedHome,
): Promise<SqlAgreement> {
  const faults: { readonly hosts: string[]; readonly pairs: string[] } = { hosts: [], pairs: [] };
  let [hosts, hostCells, capped, pairs, pairCells] = [0, 0, 0, 0, 0];
  for (const publication of publications) {
    const { baseline, options, horizon, ref } = publication;
    const name = `${horizon} ${new Date(ref).toISOString()}`;
    const isHost = [...new Set(history.pairCounts.map(({ host }) => host))].map((ip) => `'${ip}'`).join(', ');
    const source: BaselineSource = {
      features: fileScan(home, filesOf(history.manifests, 'fg_a')),
      pairs: `(FROM ${fileScan(home, filesOf(history.manifests, 'pair_counts'))} WHERE src_ip IN (${isHost || "''"}))`,
      metrics: history.metrics,
      ofLookback: history.metrics.filter(readsLookback),
      minDays: options.minDays ?? 7,
      start: baseline.start,
      end: baseline.end,
    };
    const cappedHosts = new Set([...baseline.capped].map(({ host }) => host));
    // SQL takes a host's rows of all time bands together.
    const wanted =
      options.byTimeBand === true
        ? []
        : (await duckdbHostQuantiles(reader, source)).filter(({ host_ip }) => !cappedHosts.has(host_ip));
    capped += cappedHosts.size;
    const [hostRows, metadata] = [
      await readBaselineRows(reader, home, publication, 'host'),
      await readBaselineRows(reader, home, publication, 'ip_metadata'),
    ];
    const isWanted = ({ host_ip }: LakeRow): boolean =>
      options.byTimeBand !== true && !cappedHosts.has(String(host_ip));
    const statistics = wanted.map(({ host_ip, statistics: own }): LakeRow => ({ host_ip, ...own }));
    const activity = wanted.map(({ statistics: _, ...own }): LakeRow => own);
    for (const fault of [
      ...compareRows(statistics, hostRows.filter(isWanted), ['host_ip'], 1e-9, 1),
      ...compareRows(activity, metadata.filter(isWanted), ['host_ip'], 1e-9, 1),
    ])
      faults.hosts.push(`${name}: ${fault}`);
    hosts += wanted.length;
    for (const row of [...statistics, ...activity]) hostCells += Object.keys(row).length;

    for (const [table, owner, column] of [
      ['pair/host', 'src_ip', 'host_ip'],
      ['pair/segment', 'segment_id', 'segment_id'],
    ] as const) {
      const sums = (await duckdbPairSums(reader, source, owner)).map(
        (row): LakeRow => ({
          [column]: row.owner,
          dst_ip: row.dst_ip,
          dst_port: row.dst_port,
          pair_seen_count: row.seen,
          pair_last_seen_ts: row.last_seen,
          active_days: row.active_days,
        }),
      );
      const found = await readBaselineRows(reader, home, publication, table);
      for (const fault of compareRows(sums, found, [column, 'dst_ip', 'dst_port']))
        faults.pairs.push(`${name} ${table}: ${fault}`);
      pairs += sums.length;
      pairCells += 6 * sums.length;
    }
  }
  return {
    hosts: { faults: faults.hosts, rows: hosts, cells: hostCells, capped },
    pairs: { faults: faults.pairs, rows: pairs, cells: pairCells },
  };
}
