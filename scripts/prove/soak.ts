/** Days of generated traffic through `serve`, faster than life: nothing may grow that need not. */

import { mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { textOf } from '../../src/operators/address-book.ts';
import { type BlockKind, decodeBlock } from '../../src/state/block-codec.ts';
import { filesBelow } from '../../test/support/folder-content.ts';
import { ID_PATTERN } from '../../test/support/mini-batch-folders.ts';
import { runNdr, startNdr } from '../../test/support/ndr-process.ts';
import { count, type Section } from './evidence.ts';
import { dayOnDay, halfDays, SLICES_PER_DAY, settledSlope } from './soak-series.ts';

const HOSTS = 1000;
const SCANNERS = 15_000;
const SLICE_SECONDS = 900;
/** A Tuesday: working days follow, one like another. */
const FROM = '2026-03-03T00:08:00Z';
const MB = 1e6;
/** Window state holds two days: what comes after them is its steady state. */
const SETTLED_STATE = 2 * SLICES_PER_DAY;
/**
 * Memory needs a day more. What the threads keep is as large as it gets after 24 hours, but malloc does not give back what
 * was freed beside it, and of such holes there are more until about the 60th hour. A third day against the second finds
 * that rise, and says nothing of the days to come; a fourth against the third does.
 */
const SETTLED_MEMORY = 3 * SLICES_PER_DAY;
/** What counts as flat. Traffic itself differs by a few per cent from day to day. */
const MOST_CHANGE = 0.1;

interface Sample {
  /** Slices committed so far. */
  readonly slices: number;
  readonly seconds: number;
  readonly memory: number;
  readonly windows: number;
  readonly lookback: number;
}

export async function proveSoak(
  options: { readonly workplace: string; readonly hours: number; readonly speed: number; readonly seed: number },
  say: (line: string) => void,
): Promise<Section> {
  const { workplace, hours, speed, seed } = options;
  if (hours * 4 <= SETTLED_MEMORY)
    return { faults: [`--hours ${hours}: give more than 72, after which memory has settled`], lines: [] };
  const place = (name: string): string => join(workplace, 'soak', name);
  const [staged, inbox, home] = [place('staged'), place('inbox'), place('home')];
  mkdirSync(inbox, { recursive: true });
  say(`soak: making ${hours} hours of traffic`);
  const office = ['--hosts', `${HOSTS}`, '--scanners', `${SCANNERS}`, '--seed', `${seed}`, '--from', FROM];
  const made = await runNdr(['simulate', ...office, '--hours', `${hours}`, '--out', staged, '--json']);
  if (made.code !== 0) return { faults: [`ndr simulate ended with ${made.code}: ${made.stderr}`], lines: [] };
  const folders = [
    ...new Set(
      filesBelow(staged)
        .filter(isRaw)
        .map((file) => dirname(file)),
    ),
  ].sort();

  let committed = 0;
  let lines = 0;
  const run = startNdr(
    ['serve', '--home', home, '--input', inbox, '--json'],
    {
      NDR_INPUT_ID_PATTERN: ID_PATTERN,
      NDR_INPUT_SLICE_TIME: 'id_pattern',
      NDR_SHARDS: '4',
      NDR_THREADS: '2',
      NDR_SERVE_POLL_SECONDS: '1',
      NDR_COMPLETENESS_SETTLE_SECONDS: '0',
    },
    (line) => {
      if (!line.includes('"outcome":"committed"')) return;
      committed++;
      lines += (JSON.parse(line) as { lines: number }).lines;
    },
  );
  const samples: Sample[] = [];
  const begun = Date.now();
  let slowest = 0;
  for (const [n, folder] of folders.entries()) {
    const due = begun + (n * SLICE_SECONDS * 1000) / speed;
    await Promise.race([sleep(Math.max(0, due - Date.now())), run.ended]);
    const target = join(inbox, folder);
    mkdirSync(dirname(target), { recursive: true });
    const delivered = Date.now();
    renameSync(join(staged, folder), target);
    while (committed <= n && run.process.exitCode === null) await Promise.race([sleep(100), run.ended]);
    if (run.process.exitCode !== null) break;
    const seconds = (Date.now() - delivered) / 1000;
    slowest = Math.max(slowest, seconds);
    samples.push({ slices: n + 1, seconds, memory: memoryOf(run.process.pid!), ...stateOf(home) });
    if (n % SLICES_PER_DAY === 0) say(`soak: ${n} of ${folders.length} slices, ${count(lines)} lines`);
  }
  const elapsed = (Date.now() - begun) / 1000;
  run.process.kill('SIGTERM');
  const end = await run.ended;

  const faults: string[] = [];
  if (samples.length < folders.length)
    faults.push(`serve ended after ${samples.length} of ${folders.length} mini-batches: ${end.stderr}`);
  // Both follow the time of day: memory the slice in hand, state hardly, since it always holds two whole days.
  const memories = samples.map((sample) => sample.memory);
  const memory = dayOnDay(memories, SETTLED_MEMORY);
  const windows = settledSlope(
    samples.map((sample) => sample.windows),
    SETTLED_STATE,
  );
  for (const [what, { change }] of Object.entries({ memory, windows }))
    if (!(change <= MOST_CHANGE)) faults.push(`${what} grew by ${percent(change)}`);
  const { blocks, traces } = scannersIn(join(home, 'state'));
  if (traces.length > 0) faults.push(`${traces.length} scanners left a trace in state, ${traces[0]} among them`);
  if (blocks === 0) faults.push('no block of state was found to look for scanners in');
  const last = samples.at(-1);
  return {
    faults,
    lines: [
      `\`ndr simulate\` (seed ${seed}): ${HOSTS} workstations and their servers, ${count(SCANNERS)} internet scanners outside \`host_networks\`, ${hours} hours from ${FROM},`,
      `${count(lines)} lines; delivered to \`ndr serve\` (4 shards, 2 threads) one slice every ${SLICE_SECONDS / speed} s, ${speed} times as fast as life, ${Math.round(elapsed)} s in all.`,
      '',
      `- Slowest slice from delivery to commit: ${slowest.toFixed(1)} s.`,
      `- Memory of the process after the first three days: ${Math.round(memory.mean / MB)} MB on average, ${percent(memory.change)} against the same hours of the day before.`,
      `  Each half day from the start: ${halfDays(memories)
        .map((mean) => Math.round(mean / MB))
        .join(', ')} MB.`,
      `- Window state after the first two days: ${(windows.mean / MB).toFixed(1)} MB on average, its regression line ${percent(windows.change)} from there to the end.`,
      `- Lookback at the end: ${((last?.lookback ?? 0) / MB).toFixed(1)} MB; it grows by a merged day a day until it holds 31.`,
      `- ${count(blocks)} sealed blocks opened at the end: none of the ${count(SCANNERS)} scanners is in one.`,
    ],
  };
}

const isRaw = (file: string): boolean => /part-\d+\.json(\.gz)?$/.test(file);

function memoryOf(pid: number): number {
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

function stateOf(home: string): Pick<Sample, 'windows' | 'lookback'> {
  const bytesBelow = (store: string): number =>
    filesBelow(join(home, 'state', store)).reduce(
      (sum, file) => sum + (statSync(join(home, 'state', store, file), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  return { windows: bytesBelow('windows'), lookback: bytesBelow('lookback') };
}

const percent = (share: number): string => `${share < 0 ? '' : '+'}${(share * 100).toFixed(1)} %`;

/** Addresses of 198.19.0.0/16, where the simulated scanners live, in any sealed block. */
function scannersIn(state: string): { blocks: number; traces: string[] } {
  const kinds = ['slice', 'project', 'day', 'base'] as const satisfies readonly BlockKind[];
  const traces = new Set<string>();
  let blocks = 0;
  for (const file of filesBelow(state).filter((path) => path.endsWith('.block'))) {
    const bytes = readFileSync(join(state, file));
    const block = kinds.map((kind) => decodeBlock(kind, bytes)).find((one) => one !== undefined);
    if (block === undefined) continue;
    blocks++;
    const { addresses } = block;
    for (let id = 0; id < addresses.count; id++)
      if (addresses.isIpv4[id] === 1 && addresses.ipv4[id]! >>> 16 === 198 * 256 + 19)
        traces.add(textOf(addresses, id));
  }
  return { blocks, traces: [...traces] };
}
