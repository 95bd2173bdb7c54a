// Baselines of a week by ndr-stream and by DuckDB over the same Parquet: node bench/baselines/run.ts --hosts 250,2000
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runChild } from '../windows/child.ts';
import { preparedHistory } from './history.ts';

interface Report {
  readonly cpu_seconds: number;
  readonly peak_rss_mb: number;
}
interface Run extends Report {
  readonly peer: string;
  readonly hosts: number;
  readonly wall_seconds: number;
}

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '250,2000' },
    peers: { type: 'string', default: 'ndr,ndr-hosts,duckdb' },
    // Of DuckDB's 16; its CPU is then told for all of them.
    queries: { type: 'string', default: '16' },
  },
});
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const data = join(import.meta.dirname, '..', 'data');
const runs: Run[] = [];
for (const hosts of values.hosts.split(',').map(Number)) {
  const home = await preparedHistory(data, hosts, say);
  for (const peer of values.peers.split(',')) {
    const script = join('..', 'baselines', `peer-${peer}.ts`);
    const { stdout, stderr, wall_seconds } = await runChild(script, [
      '--home',
      home,
      ...(peer === 'duckdb' ? ['--queries', values.queries] : []),
    ]);
    const run = { peer, hosts, wall_seconds, ...(JSON.parse(stdout.trim().split('\n').at(-1)!) as Report) };
    runs.push(run);
    say(`${stderr}${hosts} hosts, ${peer}: CPU ${run.cpu_seconds.toFixed(1)} s`);
  }
}
const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
process.stdout.write(
  `${[
    `7 days, 496 columns; ${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, Node ${process.version}; 2 threads each`,
    line(['hosts', 'peer', 'CPU s', 'wall s', 'peak RSS MB']),
    line(['---:', '---', '---:', '---:', '---:']),
    ...runs.map(({ hosts, peer, cpu_seconds, wall_seconds, peak_rss_mb }) =>
      line([`${hosts}`, peer, cpu_seconds.toFixed(1), wall_seconds.toFixed(1), peak_rss_mb.toFixed(0)]),
    ),
  ].join('\n')}\n`,
);
