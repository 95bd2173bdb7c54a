// A whole step: a generated mini-batch of many lines over a home that holds a day of slices and a month of lookback.
// node bench/windows/step.ts --hosts 100000 --lines 1000000 [--baselines]
// With baselines twice: the first step packs what has just been published, the second finds it packed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { generatedBatch } from '../ingest/generate.ts';
import { runChild } from './child.ts';
import { publishBaselines } from './publication.ts';
import { preparedState } from './state.ts';
import { SHARDS } from './world.ts';

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '100000' },
    lines: { type: 'string', default: '1000000' },
    draws: { type: 'string', default: '14' },
    threads: { type: 'string', default: '2' },
    baselines: { type: 'boolean', default: false },
    // For what deviations take by themselves: no day of slices, no lookback.
    'without-past': { type: 'boolean', default: false },
  },
});
const DATA = join(import.meta.dirname, '..', 'data');
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const hosts = Number(values.hosts);
const state = values['without-past'] ? null : await preparedState(DATA, hosts, Number(values.draws), say);
const batch = await generatedBatch(DATA, Number(values.lines), hosts);

const home = join(DATA, 'step-home');
rmSync(home, { recursive: true, force: true });
mkdirSync(home, { recursive: true });
const [ownState, untouched] = [join(home, 'state'), join(home, 'state-untouched')];
// Nothing of the state is changed in place, so that links do for a copy.
if (state !== null) execFileSync('cp', ['-al', state, ownState]);
mkdirSync(join(ownState, 'items'), { recursive: true });
if (values.baselines) {
  await publishBaselines(home, hosts, say);
  execFileSync('cp', ['-al', ownState, untouched]);
}
const step = async (): Promise<void> => {
  const { stdout, stderr, wall_seconds } = await runChild(
    'peer-step.ts',
    ['run-batch', '--home', home, '--input', batch.folder, '--at', '2026-03-02T10:40:05Z', '--json'],
    { NDR_SHARDS: String(SHARDS), NDR_THREADS: values.threads },
  );
  process.stdout.write(`${stdout}${stderr}${wall_seconds.toFixed(1)} s\n`);
};
await step();
if (values.baselines) {
  // As before the first step, but for what it packed.
  renameSync(join(ownState, 'baselines'), join(untouched, 'baselines'));
  rmSync(ownState, { recursive: true });
  renameSync(untouched, ownState);
  await step();
}
