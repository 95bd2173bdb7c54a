// Proves what the project promises, on real captures and under kills, and writes what it compared to docs/evidence.md:
//   npm run prove -- --captures DIR [--part captures|threads|baselines|kill|histories|soak|poison|fuzz|s3|queue|live|live-faults|live-soak]... [--kills 50] [--live-kills 200] [--stops 50] [--histories 5000] [--hours 96] [--speed 60] [--fuzz-seconds 600] [--mini-batches 2000] [--outage-seconds 240] [--seed 1]
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { proveBaselines } from './prove/baselines.ts';
import { captureRuns } from './prove/capture-runs.ts';
import { proveCaptures } from './prove/captures.ts';
import { placeSection, type Section } from './prove/evidence.ts';
import { proveFuzz } from './prove/fuzz.ts';
import { proveHistories } from './prove/histories.ts';
import { proveKills } from './prove/kills.ts';
import { proveLive } from './prove/live.ts';
import { proveLiveFaults } from './prove/live-faults.ts';
import { proveLiveSoak } from './prove/live-soak.ts';
import { provePoison } from './prove/poison.ts';
import { proveQueue } from './prove/queue.ts';
import { proveS3 } from './prove/s3.ts';
import { proveSoak } from './prove/soak.ts';
import { proveThreads } from './prove/threads.ts';

const EVIDENCE = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs', 'evidence.md');
const PARTS = [
  'captures',
  'threads',
  'baselines',
  'kill',
  'histories',
  'soak',
  'poison',
  'fuzz',
  's3',
  'queue',
  'live',
  'live-faults',
  'live-soak',
] as const;
type Part = (typeof PARTS)[number];

class UsageError extends Error {}

function readArguments() {
  const { values } = parseArgs({
    options: {
      captures: { type: 'string' },
      part: { type: 'string', multiple: true },
      kills: { type: 'string', default: '50' },
      'live-kills': { type: 'string', default: '200' },
      stops: { type: 'string', default: '50' },
      histories: { type: 'string', default: '5000' },
      hours: { type: 'string', default: '96' },
      speed: { type: 'string', default: '60' },
      'fuzz-seconds': { type: 'string', default: '600' },
      'mini-batches': { type: 'string', default: '2000' },
      'outage-seconds': { type: 'string', default: '240' },
      seed: { type: 'string', default: '1' },
    },
  });
  const parts = values.part ?? PARTS;
  const unknown = parts.filter((part) => !(PARTS as readonly string[]).includes(part));
  if (unknown.length > 0) throw new UsageError(`no part ${unknown.join(', ')}; parts are ${PARTS.join(', ')}`);
  const whole = (name: Exclude<keyof typeof values, 'captures' | 'part'>): number => {
    const number = Number(values[name]);
    if (!Number.isSafeInteger(number) || number < 1) throw new UsageError(`--${name} takes a whole number from 1`);
    return number;
  };
  const needsCaptures = parts.some((part) => part === 'captures' || part === 'threads');
  const folder = values.captures ?? process.env['NDR_CAPTURES'];
  // Baselines are proven on generated traffic too, so that captures add to it where they are there.
  const usesCaptures = needsCaptures || (folder !== undefined && parts.some((part) => part === 'baselines'));
  const captures = usesCaptures ? listCaptures(folder) : [];
  const numbers = {
    kills: whole('kills'),
    liveKills: whole('live-kills'),
    stops: whole('stops'),
    histories: whole('histories'),
    hours: whole('hours'),
    speed: whole('speed'),
    seed: whole('seed'),
    fuzzSeconds: whole('fuzz-seconds'),
    miniBatches: whole('mini-batches'),
    outageSeconds: whole('outage-seconds'),
  };
  return { parts: parts as readonly Part[], captures, ...numbers };
}

function listCaptures(folder: string | undefined): string[] {
  const remedy = 'give the folder of the captures (*.ndjson.gz, one flow a line) with --captures DIR';
  if (folder === undefined || folder === '') throw new UsageError(`--captures is missing; ${remedy}`);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`--captures ${folder} is no folder; ${remedy}`);
  const names = readdirSync(folder).filter((name) => name.endsWith('.ndjson.gz'));
  if (names.length === 0) throw new UsageError(`--captures ${folder} holds no *.ndjson.gz; ${remedy}`);
  return names.sort().map((name) => join(folder, name));
}

function readEvidence(): string {
  try {
    return readFileSync(EVIDENCE, 'utf8');
  } catch {
    return '';
  }
}

async function run(): Promise<boolean> {
  const {
    parts,
    captures,
    kills,
    liveKills,
    stops,
    histories,
    hours,
    speed,
    seed,
    fuzzSeconds,
    miniBatches,
    outageSeconds,
  } = readArguments();
  const workplace = mkdtempSync(join(tmpdir(), 'ndr-prove-'));
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const runs = captureRuns(captures, workplace, say);
  const prove: Readonly<Record<Part, () => Promise<Section>>> = {
    captures: () => proveCaptures(runs, say),
    threads: () => proveThreads(runs, say),
    baselines: () => proveBaselines({ seed, captures: runs.captures }, say),
    kill: () => proveKills({ workplace, kills, seed }, say),
    histories: () => proveHistories({ histories, seed }, say),
    soak: () => proveSoak({ workplace, hours, speed, seed }, say),
    poison: () => provePoison(workplace, say),
    fuzz: async () => proveFuzz({ seconds: fuzzSeconds, seed }, say),
    s3: () => proveS3(workplace, say),
    queue: () => proveQueue(workplace, say),
    live: () => proveLive({ kills: liveKills, stops, seed }, say),
    'live-faults': () => proveLiveFaults(workplace, outageSeconds, say),
    'live-soak': () => proveLiveSoak({ miniBatches, seed }, say),
  };
  let isProven = true;
  for (const part of parts) {
    const begun = Date.now();
    const section = await prove[part]();
    const seconds = Math.round((Date.now() - begun) / 1000);
    const title = `${new Date(begun).toISOString().slice(0, 16).replace('T', ' ')} UTC, ${seconds} s`;
    const text = placeSection(part, title, section);
    process.stdout.write(`${text.own}\n`);
    writeFileSync(EVIDENCE, text.joinedTo(readEvidence(), PARTS));
    isProven &&= section.faults.length === 0;
  }
  if (isProven) rmSync(workplace, { recursive: true, force: true });
  else say(`not proven; what was run stands in ${workplace}`);
  return isProven;
}

try {
  process.exitCode = (await run()) ? 0 : 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`prove: ${error.message}\n`);
  process.exitCode = 2;
}
