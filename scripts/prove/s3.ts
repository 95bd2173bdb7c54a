/** The adapters of S3, and what they count on, hold on a server that is not ours. */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pretendAwsCredentials } from '../../test/fakes/aws-environment.ts';
import { count, type Section } from './evidence.ts';

const VERSITYGW = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0';
const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const STARTS_WITHIN_MS = 30_000;

interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

export async function proveS3(workplace: string, say: (line: string) => void): Promise<Section> {
  const folder = join(workplace, 's3');
  mkdirSync(join(folder, 'objects'), { recursive: true });
  let program: string;
  try {
    program = await versitygw(folder, say);
  } catch (error) {
    return { faults: [`no independent S3 server: ${VERSITYGW} could not be had: ${String(error)}`], lines: [] };
  }
  pretendAwsCredentials();
  const server = await start(program, join(folder, 'objects'));
  try {
    say(`s3: suites against ${server.endpoint}`);
    return sectionOf(await runSuites(server.endpoint, join(folder, 'report.json')));
  } finally {
    await server.stop();
  }
}

/** The one that NDR_VERSITYGW names or that PATH has; else it is built, which takes minutes the first time. */
async function versitygw(folder: string, say: (line: string) => void): Promise<string> {
  const run = promisify(execFile);
  for (const program of [process.env['NDR_VERSITYGW'], 'versitygw']) {
    if (program === undefined) continue;
    const isThere = await run(program, ['--version']).then(
      () => true,
      () => false,
    );
    if (isThere) return program;
  }
  say(`s3: building ${VERSITYGW}`);
  const bin = join(folder, 'bin');
  await run('go', ['install', VERSITYGW], { env: { ...process.env, GOBIN: bin } });
  return join(bin, 'versitygw');
}

async function start(program: string, objects: string): Promise<{ endpoint: string; stop(): Promise<void> }> {
  const port = await freePort();
  const keys = ['--access', process.env['AWS_ACCESS_KEY_ID']!, '--secret', process.env['AWS_SECRET_ACCESS_KEY']!];
  const args = [...keys, '--port', `127.0.0.1:${port}`, '--keep-alive', '--quiet', 'posix', objects];
  const child = spawn(program, args, { stdio: 'ignore' });
  const ended = once(child, 'close');
  const endpoint = `http://127.0.0.1:${port}`;
  const until = Date.now() + STARTS_WITHIN_MS;
  while (!(await fetch(endpoint).then(Boolean, () => false))) {
    if (child.exitCode !== null || Date.now() > until) {
      child.kill();
      throw new Error(`${program} did not start (exit code ${child.exitCode}); run it by hand: ${args.join(' ')}`);
    }
    await pause(100);
  }
  return {
    endpoint,
    async stop() {
      child.kill();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
  return address.port;
}

async function runSuites(endpoint: string, report: string): Promise<Report> {
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const how = ['--config', 'vitest.servers.config.ts', '--reporter=json', `--outputFile=${report}`];
  const child = spawn(process.execPath, [vitest, 'run', 'test/servers/s3.suite.ts', ...how], {
    cwd: ROOT,
    env: { ...process.env, NDR_SERVER_S3: endpoint },
    stdio: 'ignore',
  });
  await once(child, 'close');
  return JSON.parse(readFileSync(report, 'utf8')) as Report;
}

function sectionOf({ numPassedTests, testResults }: Report): Section {
  const failed = testResults.flatMap(({ message, assertionResults }) => [
    ...(assertionResults.length === 0 ? [message] : []),
    ...assertionResults
      .filter(({ status }) => status !== 'passed')
      .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0]?.split('\n', 1)[0] ?? 'not run'}`),
  ]);
  return {
    faults: numPassedTests === 0 && failed.length === 0 ? ['no test was run'] : failed,
    lines: [
      `The suites that the fake S3 of the tests passes, run against ${VERSITYGW}, which shares no code with it: what the adapters`,
      'count on (conditional writes, parts, ranges, listings, odd keys), a lake in a bucket and below a prefix, and raw files.',
      '',
      `- ${count(numPassedTests)} of ${count(numPassedTests + failed.length)} tests passed.`,
    ],
  };
}
