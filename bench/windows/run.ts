// All window features by ndr-stream and by DuckDB, over the same state: node bench/windows/run.ts --hosts 20000 --draws 50
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runChild } from './child.ts';
import type { WindowsReport } from './report.ts';
import { preparedState } from './state.ts';

interface Run extends WindowsReport {
  readonly peer: string;
  readonly wall_seconds: number;
}

const PEERS: Readonly<Record<string, { readonly script: string; readonly args: readonly string[] }>> = {
  'ndr-1': { script: 'peer-ndr.ts', args: ['--threads', '1'] },
  'ndr-2': { script: 'peer-ndr.ts', args: ['--threads', '2'] },
  'ndr-1-without-novelty': { script: 'peer-ndr.ts', args: ['--threads', '1', '--without-novelty'] },
  'ndr-2-without-novelty': { script: 'peer-ndr.ts', args: ['--threads', '2', '--without-novelty'] },
  'ndr-1-warm': { script: 'peer-ndr.ts', args: ['--threads', '1', '--warm'] },
  'ndr-2-warm': { script: 'peer-ndr.ts', args: ['--threads', '2', '--warm'] },
  'ndr-1-warm-without-novelty': { script: 'peer-ndr.ts', args: ['--threads', '1', '--warm', '--without-novelty'] },
  'ndr-2-warm-without-novelty': { script: 'peer-ndr.ts', args: ['--threads', '2', '--warm', '--without-novelty'] },
  'duckdb-2-without-novelty': { script: 'peer-duckdb.ts', args: ['--threads', '2'] },
};
/** What engines may differ by in a sum of quotients. */
const TOLERANCE = 1e-9;

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '20000' },
    draws: { type: 'string', default: '50' },
    peers: { type: 'string', default: Object.keys(PEERS).join(',') },
  },
});
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const names = values.peers.split(',');
const state = await preparedState(
  join(import.meta.dirname, '..', 'data'),
  Number(values.hosts),
  Number(values.draws),
  say,
);
if (names.some((name) => name.startsWith('duckdb'))) {
  await runChild('peer-duckdb.ts', ['--state', state, '--prepare']);
  say('slices as Parquet');
}
const runs: Run[] = [];
for (const peer of names) {
  const { script, args } = PEERS[peer]!;
  const { stdout, wall_seconds: whole } = await runChild(script, ['--state', state, ...args]);
  const report = JSON.parse(stdout) as WindowsReport;
  const wall_seconds = report.step_seconds ?? whole;
  runs.push({ peer, wall_seconds, ...report });
  say(`${peer}: ${wall_seconds.toFixed(1)} s`);
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const bytes = JSON.parse(readFileSync(join(state, 'state-bytes.json'), 'utf8')) as Record<string, number>;
process.stdout.write(
  `${[
    `${values.hosts} hosts, ${values.draws} sessions a host and slice; ${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, Node ${process.version}`,
    Object.entries(bytes)
      .map(([place, size]) => `${place} ${(size / 1e6).toFixed(0)} MB`)
      .join(', '),
    line(['peer', 'CPU s', 'wall s', 'peak RSS MB']),
    line(['---', '---:', '---:', '---:']),
    ...runs.map(({ peer, cpu_seconds, wall_seconds, peak_rss_mb }) =>
      line([peer, cpu_seconds.toFixed(1), wall_seconds.toFixed(1), peak_rss_mb.toFixed(0)]),
    ),
  ].join('\n')}\n`,
);
const faults = runs.flatMap(({ peer, sums }) =>
  Object.entries(sums).flatMap(([name, value]) => {
    const other = runs.find(({ peer: first, sums: own }) => first !== peer && own[name] !== undefined);
    const expected = other?.sums[name] ?? value;
    // Without novelty there is nothing to compare.
    const isLeftOut = other !== undefined && isNovelty(name) && isWithout(peer) !== isWithout(other.peer);
    const isClose = Math.abs(value - expected) <= TOLERANCE * Math.max(Math.abs(value), Math.abs(expected));
    return isLeftOut || isClose ? [] : [`${name} is ${value} for ${peer}, ${expected} for ${other?.peer}`];
  }),
);
if (faults.length > 0)
  throw new Error(`bench: the peers disagree, so the comparison says nothing: ${faults.slice(0, 9).join('; ')}`);

function isNovelty(name: string): boolean {
  return /lookback30d|new_to_project/.test(name);
}

function isWithout(peer: string): boolean {
  return peer.endsWith('-without-novelty');
}
