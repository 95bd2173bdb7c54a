import { cp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Horizon } from '../../src/operators/baseline-metrics.ts';
import type { TruthLine } from '../../src/simulation/ground-truth.ts';
import { writeSpecs } from '../../test/support/command-run.ts';
import { startNdr } from '../../test/support/ndr-process.ts';
import { incidentsFlag, type PlannedAttack } from './attacks.ts';
import { baselinesDue, DAY, DAYS, firstSlice, HOLIDAYS, iso, midnights, OUTAGES, type Span } from './timeline.ts';

/** What the simulation names its folders by. */
const ID_PATTERN = '{yyyy}{mm}{dd}T{HH}{MM}';

export interface OfficeRun {
  /** Where everything of this office lies. */
  readonly folder: string;
  readonly seed: number;
  readonly hosts: number;
  readonly threads: number;
  /** Baselines that are made, and from which deviations are published. */
  readonly horizons: readonly Horizon[];
  readonly say: (line: string) => void;
}

/** The live days are played twice. */
const LIVES = ['attacked', 'calm'] as const;
type Life = (typeof LIVES)[number];

/** Seconds by what took them. */
export type Timings = Record<string, number>;

/**
 * An office's life through the program itself: 31 days of history straight into a home, then a week as lines, then the live
 * days as lines, once with attacks and once without, each in a copy of the home. Baselines are made when they are due.
 * What stands is not done again, so that a run which was stopped goes on.
 */
export async function playOffice(run: OfficeRun, planned: readonly PlannedAttack[], timings: Timings): Promise<void> {
  const base = join(run.folder, 'home');
  // One transform: alerts read none, and behaviours and rules do not depend on them.
  writeSpecs(base, { fg_c_builder: { horizons_published: run.horizons, transforms: ['z_mad'] } });
  await once(run, 'history', timings, () => simulate(run, DAYS.history, ['--to', 'fg_a', '--home', base]));
  await once(run, 'lines', timings, async () => {
    await writeLines(run, 'week', DAYS.week, []);
    await writeLines(run, 'attacked', DAYS.live, planned);
    await writeLines(run, 'calm', DAYS.live, []);
  });
  await once(run, 'week', timings, () => playLines(run, base, 'week', DAYS.week, timings));
  const live = async (life: Life): Promise<void> => {
    await copyHome(base, homeOf(run, life));
    await playLines(run, homeOf(run, life), life, DAYS.live, timings);
  };
  // Two processes, since one uses little more than a core.
  const ended = await Promise.allSettled(LIVES.map((life) => once(run, life, timings, () => live(life))));
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
}

async function copyHome(from: string, to: string): Promise<void> {
  if (await isThere(to)) return;
  const copy = `${to}.partial`;
  await rm(copy, { recursive: true, force: true });
  await cp(from, copy, { recursive: true });
  await rename(copy, to);
}

/** Home of the live days, attacked or calm; it holds the days before as well. */
export const homeOf = ({ folder }: OfficeRun, life: Life): string => join(folder, `home-${life}`);

export async function truthOf(run: OfficeRun): Promise<TruthLine[]> {
  const text = await readFile(join(linesOf(run, 'attacked'), '_truth.jsonl'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TruthLine);
}

async function once(
  { folder, say }: OfficeRun,
  name: string,
  timings: Timings,
  step: () => Promise<void>,
): Promise<void> {
  const mark = join(folder, `_${name}.done`);
  if (await isThere(mark)) {
    Object.assign(timings, JSON.parse(await readFile(mark, 'utf8')) as Timings);
    return say(`${name}: stands`);
  }
  const begun = performance.now();
  await step();
  timings[name] = (performance.now() - begun) / 1000;
  await mkdir(folder, { recursive: true });
  await writeFile(mark, `${JSON.stringify(timings)}\n`);
  say(`${name}: ${timings[name].toFixed(0)} s`);
}

const linesOf = ({ folder }: OfficeRun, name: string): string => join(folder, `lines-${name}`);

function writeLines(run: OfficeRun, name: string, span: Span, planned: readonly PlannedAttack[]): Promise<void> {
  const hidden = planned.length === 0 ? [] : ['--incidents', incidentsFlag(planned)];
  return simulate(run, span, ['--out', linesOf(run, name), ...hidden]);
}

/** Day after day: what is due at its midnight, then its lines. */
async function playLines(run: OfficeRun, home: string, name: string, span: Span, timings: Timings): Promise<void> {
  for (const midnight of midnights(span)) {
    const [begun, range] = [performance.now(), ['--from', iso(midnight), '--to', iso(midnight + DAY)]];
    for (const horizon of baselinesDue(midnight).filter((due) => run.horizons.includes(due)))
      await ndr(run, ['baselines', '--home', home, '--horizon', horizon, '--ref', iso(midnight)]);
    const computed = performance.now();
    await ndr(run, ['backfill', '--home', home, '--input', linesOf(run, name), ...range]);
    add(timings, `${name}: baselines`, computed - begun);
    add(timings, `${name}: lines`, performance.now() - computed);
    run.say(`${name}: ${iso(midnight).slice(0, 10)}`);
  }
}

const simulate = ({ seed, hosts, ...run }: OfficeRun, { start, end }: Span, flags: readonly string[]): Promise<void> =>
  ndr({ seed, hosts, ...run }, [
    ...['simulate', '--seed', `${seed}`, '--hosts', `${hosts}`, '--from', iso(firstSlice(start))],
    ...['--days', `${(end - start) / DAY}`, '--holidays', HOLIDAYS.join(','), '--outages', OUTAGES.join(','), ...flags],
  ]);

async function ndr({ threads }: OfficeRun, args: readonly string[]): Promise<void> {
  const settings = { NDR_INPUT_ID_PATTERN: ID_PATTERN, NDR_SHARDS: '1', NDR_THREADS: `${threads}` };
  const { code, stderr, stdout } = await startNdr([...args, '--json'], settings).ended;
  if (code === 0) return;
  const told = [...stderr.trim().split('\n'), ...stdout].slice(-5).join('\n');
  throw new Error(`ndr ${args.join(' ').slice(0, 200)} ended with ${code}; run this again to go on there:\n${told}`);
}

function add(timings: Timings, name: string, milliseconds: number): void {
  timings[name] = (timings[name] ?? 0) + milliseconds / 1000;
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
