/** What machines, networks and those who deliver do to `ndr serve`, each for as long as it lasts out there. */

import { join } from 'node:path';
import { count, type Section, table } from './evidence.ts';
import { runSuite } from './suites.ts';

const FILES = ['live-faults', 'live-semantics', 'live-refusals', 'live-folder-ids', 'redis-outages'] as const;

/** @param outageSeconds how long S3 refuses everything */
export async function proveLiveFaults(
  workplace: string,
  outageSeconds: number,
  say: (line: string) => void,
): Promise<Section> {
  const faults: string[] = [];
  const rows: (string | number)[][] = [];
  for (const name of FILES) {
    say(`live-faults: ${name}`);
    const { passed, failed } = await runSuite(
      'vitest.integration.config.ts',
      `test/integration/${name}.test.ts`,
      { NDR_TEST_OUTAGE_SECONDS: `${outageSeconds}` },
      join(workplace, `${name}.json`),
    );
    faults.push(...failed);
    rows.push([name, passed, passed + failed.length]);
  }
  return {
    faults,
    lines: [
      `The integration tests of what goes wrong around \`ndr serve\`, with S3 refusing everything for ${count(outageSeconds)} seconds: slow and broken bodies, throttling, messages that come`,
      'twice, in the wrong order or not at all, two of them on both sides of the edge of a slice, late files, refusals of every kind, versions and projects side by side,',
      'a replay after every object was copied onto itself, Redis away. Each ends as if nothing had been.',
      '',
      ...table(['file', 'tests passed', 'of'], rows),
    ],
  };
}
