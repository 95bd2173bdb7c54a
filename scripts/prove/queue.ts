/** The queue of notifications and the sinks of events hold on servers that are not ours. */

import { join } from 'node:path';
import { type Section, table } from './evidence.ts';
import { ELASTICMQ, startElasticMq } from './servers/elasticmq.ts';
import { KAFKA, startKafka } from './servers/kafka.ts';
import { MOTO, startMoto } from './servers/moto.ts';
import type { RunningServer } from './servers/server-process.ts';
import { runSuite } from './suites.ts';

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
        const { passed, failed } = await runSuite(
          'vitest.servers.config.ts',
          `test/servers/${suite}.suite.ts`,
          { [variable]: running.endpoint },
          join(workplace, `${suite}.json`),
        );
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

const firstLine = (text: string): string => text.split('\n', 1)[0]!;
