/** The queue of notifications and the sinks of events hold on servers that are not ours. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Section, table } from './evidence.ts';
import { ELASTICMQ, startElasticMq } from './servers/elasticmq.ts';
import { KAFKA, startKafka } from './servers/kafka.ts';
import { MOTO, startMoto } from './servers/moto.ts';
import type { RunningServer } from './servers/server-process.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

interface Trial {
  readonly server: string;
  readonly start: () => Promise<RunningServer>;
  /** Suite → the variable that tells it where the server is. */
  readonly suites: Readonly<Record<string, string>>;
}

const TRIALS: readonly Trial[] = [
  { server: `ElasticMQ ${ELASTICMQ.version}`, start: startElasticMq, suites: { sqs: 'NDR_SERVER_SQS' } },
  { server: `moto ${MOTO}`, start: startMoto, suites: { sqs: 'NDR_SERVER_SQS', eventbridge: 'NDR_SERVER_AWS' } },
  { server: `Apache Kafka ${KAFKA.version}`, start: startKafka, suites: { kafka: 'NDR_SERVER_KAFKA' } },
];

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

export async function proveQueue(workplace: string, say: (line: string) => void): Promise<Section> {
  const faults: string[] = [];
  const rows: (string | number)[][] = [];
  for (const { server, start, suites } of TRIALS) {
    say(`queue: fetching and starting ${server}`);
    let running: RunningServer;
    try {
      running = await start();
    } catch (error) {
      faults.push(`no ${server}: ${error instanceof Error ? firstLine(error.message) : String(error)}`);
      continue;
    }
    try {
      for (const [suite, variable] of Object.entries(suites)) {
        say(`queue: suite ${suite} against ${server}`);
        const { passed, failed } = await runSuite(suite, { [variable]: running.endpoint }, workplace);
        faults.push(...failed.map((fault) => `${server}: ${fault}`));
        rows.push([server, suite, passed, passed + failed.length]);
      }
    } finally {
      await running.stop();
    }
  }
  return {
    faults,
    lines: [
      'The suites that the servers of the tests pass, run against servers that share no code with them, fetched from package registries',
      'and started on the loopback. What EventBridge took is read from a queue that a rule of its bus fills.',
      '',
      ...table(['server', 'suite', 'tests passed', 'of'], rows),
    ],
  };
}

async function runSuite(
  suite: string,
  where: Readonly<Record<string, string>>,
  workplace: string,
): Promise<{ readonly passed: number; readonly failed: readonly string[] }> {
  const path = join(workplace, `${suite}.json`);
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const how = ['--config', 'vitest.servers.config.ts', '--reporter=json', `--outputFile=${path}`];
  const child = spawn(process.execPath, [vitest, 'run', `test/servers/${suite}.suite.ts`, ...how], {
    cwd: ROOT,
    env: { ...process.env, ...where },
    stdio: 'ignore',
  });
  await once(child, 'close');
  const { testResults } = JSON.parse(readFileSync(path, 'utf8')) as Report;
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const unbegun = testResults.filter(({ assertionResults }) => assertionResults.length === 0);
  const unpassed = tests.filter(({ status }) => status !== 'passed');
  const failed = [
    ...unbegun.map(({ message }) => `${suite}: ${firstLine(message)}`),
    ...unpassed.map(({ fullName, failureMessages }) => `${fullName}: ${firstLine(failureMessages[0] ?? 'not run')}`),
  ];
  const passed = tests.length - unpassed.length;
  return { passed, failed: passed === 0 && failed.length === 0 ? [`${suite}: no test was run`] : failed };
}

const firstLine = (text: string): string => text.split('\n', 1)[0]!;
