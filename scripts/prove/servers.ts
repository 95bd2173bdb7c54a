/** Ports keep their promises on servers that others wrote, which are fetched and started for it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Section, table } from './evidence.ts';

/** As vitest reports it; of a file that does not even begin, the message alone says why. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

export async function proveServers(workplace: string, say: (line: string) => void): Promise<Section> {
  say('servers: fetching and starting them');
  const path = join(workplace, 'servers.json');
  const config = ['--config', 'vitest.servers.config.ts', '--reporter=json', `--outputFile=${path}`];
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...config], { stdio: 'ignore' });
  const [code] = (await once(child, 'close')) as [number | null];
  const { testResults } = JSON.parse(readFileSync(path, 'utf8')) as Report;
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const faults = [
    ...testResults
      .filter(({ assertionResults, message }) => assertionResults.length === 0 || message !== '')
      .map(({ name, message }) => `${name.split('/').at(-1)}: ${firstLine(message) || 'no test ran'}`),
    ...tests
      .filter(({ status }) => status !== 'passed')
      .map(({ ancestorTitles, title, status, failureMessages = [] }) =>
        [...ancestorTitles, title, status, firstLine(failureMessages[0] ?? '')].join(': '),
      ),
  ];
  if (code !== 0 && faults.length === 0) faults.push(`the suites ended with ${code}`);
  const suites = Map.groupBy(tests, ({ ancestorTitles }) => ancestorTitles[0] ?? '');
  const rows = [...suites].map(([suite, own]) => [suite, own.filter(({ status }) => status === 'passed').length]);
  return {
    faults,
    lines: [
      'The suites that the adapters pass on the servers of the tests, passed on servers that others wrote, fetched from package',
      'registries and started on the loopback for it.',
      '',
      ...table(['suite', 'promises kept'], rows),
    ],
  };
}

const firstLine = (text: string): string => text.split('\n', 1)[0]!;
