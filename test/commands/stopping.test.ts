/** Signals and closed pipes. */

import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NdrProcess, startNdr } from '../support/ndr-process.ts';
import { fiveMiniBatches, IDS, ndr, type Place, results, SETTINGS } from './five-mini-batches.ts';

let place: Place;
beforeAll(() => {
  place = fiveMiniBatches();
});
afterAll(() => place.remove());

const THREADS = { ...SETTINGS, NDR_THREADS: '2' };

/** A mini-batch that takes long to read: gigabytes of blank lines, which fit into a small file. */
function endlessMiniBatch(): string {
  const folder = place.at('endless', '2026/03/02/20260302T1023');
  mkdirSync(folder, { recursive: true });
  const blank = gzipSync(Buffer.alloc(1 << 24, '\n'));
  for (let i = 0; i < 20; i++) {
    const file = join(folder, `part-${i}.json.gz`);
    writeFileSync(file, '');
    for (let j = 0; j < 20; j++) appendFileSync(file, blank);
  }
  return folder;
}

/** Resolves once standard error holds the text. */
const heard = ({ process }: NdrProcess, text: string): Promise<void> =>
  new Promise((resolve) => {
    let said = '';
    process.stderr!.on('data', (bytes) => {
      said += String(bytes);
      if (said.includes(text)) resolve();
    });
  });

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  it('ends a backfill after the mini-batch in hand, and the next one goes on from there', async () => {
    const home = place.at(`stopped-by-${signal}`);
    const args = ['backfill', '--input', place.logs, '--home', home, '--json'];
    const running: NdrProcess = startNdr(args, SETTINGS, (line) => {
      if (line.includes(IDS[1]!)) running.process.kill(signal);
    });
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(1);
    expect(stderr).toBe(
      `${signal}: stopping, after the mini-batch in hand; a second signal ends at once\n` +
        'stopped; run the same command again to go on\n',
    );
    expect(stdout.length).toBeLessThan(6);
    const committed = stdout.length - 1;

    const rest = await ndr(...args);
    expect(rest.code).toBe(0);
    expect(results(rest).at(-1)).toEqual({
      summary: { committed: 5 - committed, unchanged: 0, skipped: committed, failed: 0 },
    });
  });
});

describe('a second signal', () => {
  it('ends the program at once, whatever is in hand', async () => {
    const home = place.at('twice');
    const running = startNdr(['run-batch', '--input', endlessMiniBatch(), '--home', home], THREADS);
    const isHeard = heard(running, 'a second signal ends at once');
    // Signals are minded before anything else is done.
    while (!existsSync(home)) await pause(20);
    running.process.kill('SIGTERM');
    await isHeard;
    // What npm and a process group both pass on is one request.
    running.process.kill('SIGTERM');
    await pause(700);
    expect(running.process.exitCode).toBe(null);
    running.process.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 1, stdout: [] });
  });
});

describe('a reader that has seen enough', () => {
  it('is no error', async () => {
    const running = startNdr(['catalog']);
    running.process.stdout!.destroy();
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('ends a backfill like a signal does', async () => {
    const running = startNdr(['backfill', '--input', place.logs, '--home', place.at('unread')], SETTINGS);
    running.process.stdout!.destroy();
    const { code, stderr } = await running.ended;
    expect(code).toBe(1);
    expect(stderr).toBe('stopped; run the same command again to go on\n');
  });

  it('of errors is no error either', async () => {
    const running = startNdr(['frobnicate']);
    running.process.stderr!.destroy();
    expect(await running.ended).toMatchObject({ code: 2 });
  });
});
