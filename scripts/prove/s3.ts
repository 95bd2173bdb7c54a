/** The adapters of S3, and what they count on, hold on a server that is not ours. */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { pretendAwsCredentials } from '../../test/fakes/aws-environment.ts';
import { count, type Section } from './evidence.ts';
import { runSuite, type SuiteResult } from './suites.ts';

const VERSITYGW = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0';
const STARTS_WITHIN_MS = 30_000;

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
    const env = { NDR_SERVER_S3: server.endpoint };
    const [config, file] = ['vitest.servers.config.ts', 'test/servers/s3.suite.ts'];
    return sectionOf(await runSuite(config, file, env, join(folder, 'report.json')));
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

const sectionOf = ({ passed, failed }: SuiteResult): Section => ({
  faults: failed,
  lines: [
    `The suites that the fake S3 of the tests passes, run against ${VERSITYGW}, which shares no code with it: what the adapters`,
    'count on (conditional writes, parts, ranges, listings, odd keys), a lake in a bucket and below a prefix, and raw files.',
    '',
    `- ${count(passed)} of ${count(passed + failed.length)} tests passed.`,
  ],
});
