// Does it find attackers? An office's weeks through the whole pipeline, attacked and not:
// node bench/detect/run.ts [--seed N] [--horizons 7d,30d] [--variants] [--write]
// or a week of a real infection: node bench/detect/run.ts --captures DIR [--write]
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { HORIZONS } from '../../src/operators/baseline-metrics.ts';
import { AS_SPECIFIED, VARIANTS } from './alert-families.ts';
import { planAttacks } from './attacks.ts';
import { captureLines } from './capture-beacons.ts';
import { evaluate } from './evaluation.ts';
import { homeOf, type OfficeRun, playOffice, type Timings, truthOf } from './office-run.ts';
import { writePart } from './page.ts';
import { reportLines, variantLines } from './report.ts';
import { readTracks } from './score-reader.ts';
import { DAYS } from './timeline.ts';
import { attackedOf } from './truth.ts';

/** Development used 1 to 9. */
const HELD_OUT_SEED = 67;
const BUDGETS = [5, 10, 20, 50];
const DATA = join(import.meta.dirname, '..', 'data');

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: `${HELD_OUT_SEED}` },
    hosts: { type: 'string', default: '500' },
    'per-kind': { type: 'string', default: '31' },
    threads: { type: 'string', default: '1' },
    // The 30-day baseline is there from the first row that is looked at: the other one would only be compared with it.
    horizons: { type: 'string', default: '30d' },
    folder: { type: 'string' },
    captures: { type: 'string' },
    variants: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const run: OfficeRun = {
  folder: resolve(values.folder ?? join(DATA, `detect-${seed}`)),
  seed,
  hosts: Number(values.hosts),
  threads: Number(values.threads),
  horizons: HORIZONS.filter((horizon) => values.horizons.split(',').includes(horizon)),
  say: (line) => void process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`),
};

const part = values.captures === undefined ? 'office' : 'captures';
const lines =
  values.captures === undefined
    ? await officeLines()
    : await captureLines(values.captures, resolve(values.folder ?? join(DATA, 'detect-capture')));
process.stdout.write(`${lines.join('\n')}\n`);
if (values.write) await writePart(part, lines);

async function officeLines(): Promise<string[]> {
  await mkdir(run.folder, { recursive: true });
  const planned = planAttacks(seed, Number(values['per-kind']), DAYS.live);
  const timings: Timings = {};
  await playOffice(run, planned, timings);

  const begun = performance.now();
  const attacked = attackedOf(planned, await truthOf(run));
  const others = values.variants
    ? VARIANTS.filter(({ horizon }) => horizon === 'longest' || run.horizons.includes(horizon))
    : [];
  const variants = [AS_SPECIFIED, ...others];
  const span = { start: DAYS.week.start, end: DAYS.live.end };
  const scores = await readTracks(homeOf(run, 'attacked'), span, variants);
  const calm = await readTracks(homeOf(run, 'calm'), span, variants);
  run.say('scores read');
  const compared = variants.map(({ name }, place) => {
    const evaluation = evaluate(attacked, scores[place]!.tracks, calm[place]!.tracks, BUDGETS);
    run.say(`evaluated: ${name}`);
    return { name, evaluation };
  });
  timings['evaluation'] = (performance.now() - begun) / 1000;
  const played = { seed, hosts: run.hosts, attacks: attacked.length, read: scores[0]!, timings };
  const report = reportLines(played, compared[0]!.evaluation);
  return values.variants ? [...report, '', ...variantLines(compared)] : report;
}
