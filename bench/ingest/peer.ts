import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';

/** What every peer is given: one mini-batch folder, and where its Parquet files go, if anywhere. */
export interface PeerArguments {
  readonly folder: string;
  readonly files: readonly string[];
  readonly miniBatchId: string;
  readonly sliceEndMs: number;
  readonly threads: number;
  readonly parquet: string | undefined;
}

/** What every peer must agree on. Sessions and bytes are summed over both roles of `delta`. */
export interface PeerCounts {
  readonly delta_rows: number;
  readonly delta_sessions: number;
  readonly delta_bytes_sent: number;
  readonly pair_context_rows: number;
  readonly pair_counts_rows: number;
  readonly pair_counts_sessions: number;
}

/** The line that a peer prints at its end. CPU is user + system of the whole process, every thread, since its start. */
export interface PeerReport {
  readonly counts: Partial<PeerCounts>;
  readonly cpu_seconds: number;
  readonly peak_rss_mb: number;
}

export const PEER_USAGE = '--folder DIR --slice-end ISO [--threads N] [--parquet DIR]';

export function readPeerArguments(): PeerArguments {
  const { values } = parseArgs({
    options: {
      folder: { type: 'string' },
      'slice-end': { type: 'string' },
      threads: { type: 'string', default: '1' },
      parquet: { type: 'string' },
    },
  });
  const { folder, parquet } = values;
  const sliceEndMs = Date.parse(values['slice-end'] ?? '');
  const threads = Number(values.threads);
  if (folder === undefined || Number.isNaN(sliceEndMs) || !(threads >= 1)) {
    throw new Error(
      `bench peer ${basename(process.argv[1] ?? '')}: usage: ${PEER_USAGE}; got ${process.argv.slice(2).join(' ')}`,
    );
  }
  const names = readdirSync(folder).filter((name) => !/^[_.]/.test(name));
  return {
    folder,
    files: names.sort().map((name) => join(folder, name)),
    miniBatchId: basename(folder),
    sliceEndMs,
    threads,
    parquet,
  };
}

export function printReport(counts: Partial<PeerCounts>): void {
  const { user, system } = process.cpuUsage();
  const report: PeerReport = {
    counts,
    cpu_seconds: (user + system) / 1e6,
    peak_rss_mb: process.resourceUsage().maxRSS / 1024,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
