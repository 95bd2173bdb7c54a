/** Runs files of tests with other numbers, or against other servers, than `npm test` and CI have. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** As vitest reports it; of a file that does not even begin, the message alone says why. */
interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

export interface SuiteResult {
  readonly passed: number;
  readonly failed: readonly string[];
}

/**
 * Runs one file of tests.
 * @param config of vitest, a file at the root
 * @param report where vitest writes
 */
export async function runSuite(
  config: string,
  file: string,
  env: Readonly<Record<string, string>>,
  report: string,
): Promise<SuiteResult> {
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const how = ['--config', config, '--reporter=json', `--outputFile=${report}`];
  const child = spawn(process.execPath, [vitest, 'run', file, ...how], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: 'ignore',
  });
  await once(child, 'close');
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const unbegun = testResults.filter(({ assertionResults }) => assertionResults.length === 0);
  const unpassed = tests.filter(({ status }) => status !== 'passed');
  const failed = [
    ...unbegun.map(({ message }) => `${file}: ${firstLine(message)}`),
    ...unpassed.map(({ fullName, failureMessages }) => `${fullName}: ${firstLine(failureMessages[0] ?? 'not run')}`),
  ];
  const passed = tests.length - unpassed.length;
  return { passed, failed: passed === 0 && failed.length === 0 ? [`${file}: no test was run`] : failed };
}

const firstLine = (text: string): string => text.split('\n', 1)[0]!;
