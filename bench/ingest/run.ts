// Runs every peer over the same generated mini-batch, interleaved, and compares: node bench/ingest/run.ts --lines 1000000 --repeat 3
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { type GeneratedBatch, generatedBatch } from './generate.ts';
import type { PeerReport } from './peer.ts';
import { disagreements, type PeerRun, resultsTable, summary } from './results.ts';
import { SLICE_END_MS } from './traffic.ts';

interface Peer {
  readonly name: string;
  readonly script: string;
  readonly arguments: readonly string[];
  readonly writesParquet?: true;
  /** What the product's start script gives Node too. */
  readonly node?: readonly string[];
}

/** A peer exits with this where it does not exist yet. */
const NOT_WRITTEN = 2;

const NURSERY = ['--max-semi-space-size=2'];

const PEERS: readonly Peer[] = [
  { name: 'gunzip', script: 'peer-gunzip.ts', arguments: [] },
  { name: 'naive', script: 'peer-naive.ts', arguments: [] },
  { name: 'duckdb-1', script: 'peer-duckdb.ts', arguments: ['--threads', '1'] },
  { name: 'duckdb-2', script: 'peer-duckdb.ts', arguments: ['--threads', '2'] },
  { name: 'duckdb-1-parquet', script: 'peer-duckdb.ts', arguments: ['--threads', '1'], writesParquet: true },
  { name: 'duckdb-2-parquet', script: 'peer-duckdb.ts', arguments: ['--threads', '2'], writesParquet: true },
  { name: 'ndr-1', script: 'peer-ndr.ts', arguments: ['--threads', '1'], node: NURSERY },
  { name: 'ndr-2', script: 'peer-ndr.ts', arguments: ['--threads', '2'], node: NURSERY },
  { name: 'ndr-1-parquet', script: 'peer-ndr.ts', arguments: ['--threads', '1'], writesParquet: true, node: NURSERY },
  { name: 'ndr-2-parquet', script: 'peer-ndr.ts', arguments: ['--threads', '2'], writesParquet: true, node: NURSERY },
];

const DATA = join(import.meta.dirname, '..', 'data');

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '1000000' },
    repeat: { type: 'string', default: '3' },
    peers: { type: 'string', default: PEERS.map(({ name }) => name).join(',') },
    out: { type: 'string' },
  },
});

/** One child process from spawn to exit; undefined where the peer is not written yet. */
async function runPeer(peer: Peer, batch: GeneratedBatch): Promise<PeerRun | undefined> {
  const parquet = join(DATA, `out-${peer.name}`);
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [
      ...(peer.node ?? []),
      ...['--max-old-space-size=8192', join(import.meta.dirname, peer.script)],
      ...['--folder', batch.folder, '--slice-end', new Date(SLICE_END_MS).toISOString(), ...peer.arguments],
      ...(peer.writesParquet ? ['--parquet', parquet] : []),
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      // As the product's own start script does; every peer gets it.
      env: { ...process.env, NODE_COMPILE_CACHE: join(DATA, 'compiled') },
    },
  );
  const ended = new Promise<number | null>((resolve, reject) => child.once('exit', resolve).once('error', reject));
  const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  const wall_seconds = (performance.now() - started) / 1000;
  rmSync(parquet, { recursive: true, force: true });
  if (code === NOT_WRITTEN) return undefined;
  if (code !== 0) throw new Error(`bench peer ${peer.name} exited with ${code}: ${errors.slice(-2_000)}`);
  return { wall_seconds, ...(JSON.parse(output) as PeerReport) };
}

function chosenPeers(names: string): readonly Peer[] {
  return names.split(',').map((name) => {
    const peer = PEERS.find((candidate) => candidate.name === name);
    if (peer === undefined)
      throw new Error(`bench: no peer ${name}; there are ${PEERS.map((known) => known.name).join(', ')}`);
    return peer;
  });
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const lines = Number(values.lines);
const repeat = Number(values.repeat);
const peers = chosenPeers(values.peers);
mkdirSync(DATA, { recursive: true });
say(`preparing ${lines} lines under ${DATA}`);
const batch = await generatedBatch(DATA, lines);
for (const file of batch.files) readFileSync(file); // so that the first peer does not pay for a cold disk

const runs = new Map<string, PeerRun[]>();
for (let round = 1; round <= repeat; round++) {
  for (const peer of peers) {
    const run = await runPeer(peer, batch);
    if (run === undefined) say(`round ${round}: ${peer.name} is not written yet`);
    else runs.set(peer.name, [...(runs.get(peer.name) ?? []), run]);
    if (run !== undefined)
      say(`round ${round}: ${peer.name} ${run.cpu_seconds.toFixed(2)} s CPU, ${run.wall_seconds.toFixed(2)} s`);
  }
}

const results = summary(runs);
const machine = { cpu: cpus()[0]?.model.trim(), cores: availableParallelism(), node: process.version };
const out = values.out ?? join(DATA, `ingest-${lines}.json`);
writeFileSync(out, `${JSON.stringify({ machine, lines, bytes: batch.bytes, repeat, results }, null, 2)}\n`);
process.stdout.write(`${resultsTable(results, batch)}\n`);
const faults = disagreements(results);
if (faults.length > 0)
  throw new Error(`bench: the peers disagree, so the comparison says nothing: ${faults.join('; ')}`);
