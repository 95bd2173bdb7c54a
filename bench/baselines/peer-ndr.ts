// ndr baselines as it is: host, segment and project level, capping, cold start, tables written.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { baselines } from '../../src/commands/baselines.ts';
import { readSettings } from '../../src/config/read-settings.ts';
import { openBaselinePublications } from '../../src/state/baseline-publications.ts';
import { openDirectoryItems } from '../../src/state/items/directory.ts';
import { openDirectoryLake } from '../../src/state/lake/directory.ts';
import { PROJECT, REF, VERSION } from './history.ts';

const { values } = parseArgs({
  options: { home: { type: 'string' }, threads: { type: 'string', default: '2' }, memory: { type: 'string' } },
});
const home = values.home!;
const lake = await openDirectoryLake(join(home, 'lake'));
const publications = openBaselinePublications(await openDirectoryItems(join(home, 'state', 'items')), lake);
await publications.forget(PROJECT, VERSION, '7d', Date.parse(REF));
await rm(join(home, 'lake', PROJECT, 'fg_b'), { recursive: true, force: true });
await rm(join(home, 'state', 'baseline-work'), { recursive: true, force: true });

const began = performance.now();
let last = '';
const code = await baselines.run({
  settings: readSettings({
    env: { NDR_THREADS: values.threads, NDR_BASELINES_MEMORY_MB: values.memory },
    overrides: { home },
  }),
  flags: { horizon: '7d', ref: REF },
  terminal: {
    out: (line) => void process.stderr.write(`${line}\n`),
    note: (line) => void process.stderr.write(`${line}\n`),
    progress: (line) => {
      const what = line.replace(/, \d+ of \d+$/, '');
      if (what === last) return;
      last = what;
      const { user, system } = process.cpuUsage();
      const cpu = ((user + system) / 1e6).toFixed(1);
      process.stderr.write(`${((performance.now() - began) / 1000).toFixed(1)} s, CPU ${cpu} s: ${what}\n`);
    },
  },
  clock: Date.now,
  codeVersion: 'bench',
  cores: 2,
  worker: new URL('../../src/worker.ts', import.meta.url),
  stop: new AbortController().signal,
});
if (code !== 0) throw new Error(`bench: ndr baselines ended with ${code}`);
const { user, system } = process.cpuUsage();
process.stdout.write(
  `${JSON.stringify({ cpu_seconds: (user + system) / 1e6, peak_rss_mb: process.resourceUsage().maxRSS / 1024 })}\n`,
);
