import type { PeerCounts, PeerReport } from './peer.ts';

/** One run of one peer; wall time from spawn to exit. */
export interface PeerRun extends PeerReport {
  readonly wall_seconds: number;
}

/** The medians of a peer's runs. */
export interface PeerResult extends PeerRun {
  readonly peer: string;
  readonly runs: number;
}

interface Input {
  readonly lines: number;
  readonly bytes: number;
}

/** Ratios are to these: what stays in memory against what stays in memory, files against files. */
const reference = (peer: string): string => (peer.endsWith('-parquet') ? 'duckdb-1-parquet' : 'duckdb-1');

/** Median of each measure, peer by peer, in the order in which the peers ran. */
export function summary(runs: ReadonlyMap<string, readonly PeerRun[]>): PeerResult[] {
  return [...runs].map(([peer, all]) => ({
    peer,
    runs: all.length,
    counts: all[0]!.counts,
    wall_seconds: median(all.map((run) => run.wall_seconds)),
    cpu_seconds: median(all.map((run) => run.cpu_seconds)),
    peak_rss_mb: median(all.map((run) => run.peak_rss_mb)),
  }));
}

/** Every count in which a peer differs from the first that has it. */
export function disagreements(results: readonly PeerResult[]): string[] {
  const first = new Map<string, { peer: string; value: number }>();
  const faults: string[] = [];
  for (const { peer, counts } of results) {
    for (const [name, value] of Object.entries(counts as PeerCounts)) {
      const known = first.get(name);
      if (known === undefined) first.set(name, { peer, value });
      else if (known.value !== value) faults.push(`${name} is ${value} for ${peer}, ${known.value} for ${known.peer}`);
    }
  }
  return faults;
}

/** A Markdown table: time, memory, and how many times DuckDB's on one thread. */
export function resultsTable(results: readonly PeerResult[], input: Input): string {
  const head = [
    'peer',
    'CPU s',
    'wall s',
    'klines/s',
    'MB/s',
    'peak RSS MB',
    'CPU / DuckDB',
    'wall / DuckDB',
    'RSS / DuckDB',
  ];
  const rows = results.map((result) => {
    const base = results.find(({ peer }) => peer === reference(result.peer));
    const ratio = (measure: 'cpu_seconds' | 'wall_seconds' | 'peak_rss_mb'): string =>
      base === undefined ? '' : (result[measure] / base[measure]).toFixed(2);
    return [
      result.peer,
      result.cpu_seconds.toFixed(2),
      result.wall_seconds.toFixed(2),
      (input.lines / result.wall_seconds / 1e3).toFixed(0),
      (input.bytes / result.wall_seconds / 1e6).toFixed(0),
      result.peak_rss_mb.toFixed(0),
      ...[ratio('cpu_seconds'), ratio('wall_seconds'), ratio('peak_rss_mb')],
    ];
  });
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, place) => (place === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
}
