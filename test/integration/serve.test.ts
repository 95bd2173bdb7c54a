/** `ndr serve` over a real directory, with real signals. Nothing here waits for a time that the program does not set. */

import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { traceOf } from '../support/folder-content.ts';
import { folderOf, ID_PATTERN, type MiniBatch, writeMiniBatch } from '../support/mini-batch-folders.ts';
import { type Ended, type NdrProcess, startNdr } from '../support/ndr-process.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const MINI_BATCHES: readonly MiniBatch[] = officeMiniBatches({ seed: 7, hosts: 4, slices: 5, thin: 3 });
const [A, B, C, D, E] = MINI_BATCHES as [MiniBatch, MiniBatch, MiniBatch, MiniBatch, MiniBatch];
const NOISE = Array.from({ length: 150 }, (_, line) => `noise ${line}`);

/** Everything is looked at five times a second, and what came is taken as soon as it has come. */
const QUICK = {
  NDR_INPUT_ID_PATTERN: ID_PATTERN,
  NDR_THREADS: '1',
  NDR_SERVE_POLL_SECONDS: '0.2',
  NDR_COMPLETENESS_SETTLE_SECONDS: '0',
  NDR_COMPLETENESS_RECHECK_SECONDS: '0',
};
/** What is complete says so itself. */
const MARKED = { ...QUICK, NDR_COMPLETENESS_MARKER: '_SUCCESS' };
/** As long as several looks take. */
const A_WHILE = 1500;

interface Serving {
  readonly ndr: NdrProcess;
  /** `<id> <outcome> <revision>` of every line so far. */
  readonly results: readonly string[];
  /** Resolves once so many results have come. */
  has(count: number): Promise<void>;
  /** Resolves once standard error holds the text. */
  says(text: string): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<Ended>;
}

let folder: string;
let root: string;
let home: string;
const running: NdrProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ndr-serve-'));
  root = join(folder, 'logs');
  home = join(folder, 'home');
  mkdirSync(root);
});
afterEach(async () => {
  for (const { process, ended } of running.splice(0)) {
    process.kill('SIGKILL');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

function serve(settings: Readonly<Record<string, string>> = QUICK): Serving {
  const results: string[] = [];
  let said = '';
  const ndr = startNdr(['serve', '--input', root, '--home', home, '--json'], settings, (line) => {
    const { mini_batch_id: id, outcome, revision = '' } = JSON.parse(line) as Record<string, string>;
    results.push(`${id} ${outcome} ${revision}`.trim());
  });
  running.push(ndr);
  ndr.process.stderr!.on('data', (text) => {
    said += String(text);
  });
  const until = async (isSo: () => boolean, what: string): Promise<void> => {
    while (!isSo()) {
      const { exitCode, signalCode } = ndr.process;
      if (exitCode !== null || signalCode !== null) throw new Error(`ended before ${what}: ${results.join()} ${said}`);
      await pause(20);
    }
  };
  return {
    ndr,
    results,
    has: (count) => until(() => results.length >= count, `${count} results came`),
    says: (text) => until(() => said.includes(text), `it said "${text}"`),
    async stop(signal = 'SIGTERM') {
      ndr.process.kill(signal);
      return ndr.ended;
    },
  };
}

/** Brings a mini-batch, or other files of it, so that no look sees half of one. */
function deliver(miniBatch: MiniBatch, files?: Readonly<Record<string, readonly string[]>>): string {
  const made = writeMiniBatch(join(folder, 'made'), miniBatch, files);
  const place = folderOf(root, miniBatch);
  mkdirSync(place, { recursive: true });
  for (const name of readdirSync(made)) renameSync(join(made, name), join(place, name));
  return place;
}
const mark = (miniBatch: MiniBatch): void => writeFileSync(join(folderOf(root, miniBatch), '_SUCCESS'), '');
const committed = (miniBatches: readonly MiniBatch[], revision = 1): string[] =>
  miniBatches.map(({ id }) => `${id} committed ${revision}`);

describe('serve', () => {
  it('takes what is there in order, then what comes, until it is told to stop', async () => {
    // Their names sort the other way round.
    const there = [A, B, C].map((miniBatch, n) => ({ ...miniBatch, id: `${'cba'[n]}-${miniBatch.id}` }));
    for (const miniBatch of there) deliver(miniBatch);
    const serving = serve();
    await serving.has(3);
    deliver(D);
    await serving.has(4);
    deliver(E);
    await serving.has(5);
    const { code, stderr } = await serving.stop();
    expect(serving.results).toEqual(committed([...there, D, E]));
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr:
        `watching ${root}; lake: ${join(home, 'lake')}; stop with Ctrl-C\n` +
        'SIGTERM: stopping, after the mini-batch in hand; a second signal ends at once\nstopped\n',
    });
  });

  it('says nothing of what stands when it is started again, and changes nothing of it', async () => {
    for (const miniBatch of [A, B]) deliver(miniBatch);
    const first = serve();
    await first.has(2);
    await first.stop();
    const before = traceOf(join(home, 'lake'));
    const second = serve();
    await second.says('watching');
    await pause(A_WHILE);
    expect(traceOf(join(home, 'lake'))).toEqual(before);
    deliver(C);
    await second.has(1);
    expect((await second.stop('SIGINT')).code).toBe(0);
    expect(second.results).toEqual(committed([C]));
  });

  it('takes a mini-batch again when a late file comes, and no other', async () => {
    for (const miniBatch of [A, B]) deliver(miniBatch);
    const serving = serve();
    await serving.has(2);
    deliver(B, { 'late.jsonl': B.lines.slice(0, 20) });
    await serving.has(3);
    await pause(A_WHILE);
    expect((await serving.stop()).code).toBe(0);
    expect(serving.results).toEqual([...committed([A, B]), ...committed([B], 2)]);
  });

  it('is idle while nothing comes', async () => {
    deliver(A);
    const serving = serve();
    await serving.has(1);
    // User and system time of the process, in hundredths of a second.
    const spent = (): number => {
      const stat = readFileSync(`/proc/${serving.ndr.process.pid}/stat`, 'utf8');
      const [user = 0, system = 0] = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .slice(11, 13)
        .map(Number);
      return user + system;
    };
    await pause(500);
    const before = spent();
    await pause(2000);
    expect(spent() - before).toBeLessThan(60);
    await serving.stop();
  });
});

describe('a mini-batch that comes late', () => {
  it('is taken with what is new, and what it changed is published again after that', async () => {
    for (const miniBatch of [A, B, D]) deliver(miniBatch);
    mark(A);
    mark(B);
    mark(D);
    const serving = serve(MARKED);
    await serving.has(3);
    for (const miniBatch of [C, E]) deliver(miniBatch);
    // Both are seen at one look, whenever that is.
    mark(E);
    mark(C);
    await serving.has(6);
    await pause(A_WHILE);
    await serving.stop();
    const [late, ...again] = serving.results.slice(3);
    expect(late).toBe(`${C.id} committed 1`);
    // E came before or after C was looked at; only if it came before, C changed it.
    expect(again.slice(0, 2)).toEqual([`${E.id} committed 1`, `${D.id} committed 2`]);
  });

  it('leaves marks where that is switched off, told once; started with it on, what was left follows', async () => {
    for (const miniBatch of [A, C, D]) deliver(miniBatch);
    const first = serve({ ...QUICK, NDR_ORDER_REPROCESS_AFFECTED: 'false' });
    await first.has(3);
    deliver(B);
    await first.has(4);
    await pause(A_WHILE);
    const { stderr } = await first.stop();
    expect(first.results).toEqual(committed([A, C, D, B]));
    expect(
      stderr.match(/^warning: 2 mini-batches .* before 20260302T1038, which came .* ndr replay --affected$/gm),
    ).toHaveLength(1);

    const still = serve({ ...QUICK, NDR_ORDER_REPROCESS_AFFECTED: 'false' });
    await still.says('ndr replay --affected');
    await still.stop();
    expect(still.results).toEqual([]);

    const second = serve();
    await second.has(2);
    await second.stop();
    expect(second.results).toEqual(committed([C, D], 2));
  });
});

describe('a mini-batch that is still coming', () => {
  it('is taken when its marker comes, and those behind it wait for it', async () => {
    for (const miniBatch of [A, B, C]) deliver(miniBatch);
    mark(A);
    mark(C);
    const serving = serve(MARKED);
    await serving.has(1);
    await pause(A_WHILE);
    expect(serving.results).toEqual(committed([A]));
    mark(B);
    await serving.has(3);
    await serving.stop();
    expect(serving.results).toEqual(committed([A, B, C]));
  });

  it('is taken without its marker, with a warning, when it has waited long enough', async () => {
    deliver(A);
    const serving = serve({ ...MARKED, NDR_COMPLETENESS_MAX_WAIT_SECONDS: '1' });
    await serving.has(1);
    const { stderr } = await serving.stop();
    expect(serving.results).toEqual(committed([A]));
    expect(stderr).toMatch(/^warning: .*20260302T1023: taken as it is after \d+ s: _SUCCESS did not come$/m);
  });

  it('is not taken while its files change', async () => {
    const serving = serve({ ...QUICK, NDR_COMPLETENESS_SETTLE_SECONDS: '2' });
    // Before that nothing changes, for how long a slow start decides.
    await serving.says('watching');
    const path = join(deliver({ ...A, lines: [] }), 'part-1.jsonl');
    for (let start = 0; start < A.lines.length; start += Math.ceil(A.lines.length / 8)) {
      appendFileSync(path, `${A.lines.slice(start, start + Math.ceil(A.lines.length / 8)).join('\n')}\n`);
      await pause(400);
    }
    expect(serving.results).toEqual([]);
    await serving.has(1);
    expect(JSON.parse((await serving.stop()).stdout[0]!)).toMatchObject({
      outcome: 'committed',
      lines: A.lines.length,
    });
  });
});

describe('a mini-batch that fails', () => {
  it('stops none of the others, is told once, and is taken when its files change', async () => {
    deliver(A);
    deliver({ ...B, lines: NOISE });
    deliver(C);
    const serving = serve();
    await serving.has(3);
    await pause(A_WHILE);
    expect(serving.results).toEqual([...committed([A]), `${B.id} poison`, ...committed([C])]);
    deliver(B);
    await serving.has(4);
    await serving.stop();
    expect(serving.results[3]).toBe(`${B.id} committed 1`);
  });

  it('because its path is none is told once', async () => {
    mkdirSync(join(root, '2026/02/30/b1'), { recursive: true });
    writeFileSync(join(root, '2026/02/30/b1/part-0.jsonl'), `${A.lines.join('\n')}\n`);
    const serving = serve();
    await serving.has(1);
    deliver(A);
    await serving.has(2);
    await serving.stop();
    expect(serving.results).toEqual(['b1 poison', ...committed([A])]);
  });

  it('for a reason that passes is tried again until it does not', async () => {
    mkdirSync(join(home, 'lake'), { recursive: true });
    const obstacle = join(home, 'lake', 'default');
    writeFileSync(obstacle, 'a file where a folder should be');
    deliver(A);
    const serving = serve();
    await serving.has(1);
    rmSync(obstacle);
    await serving.has(2);
    await serving.stop();
    const errors = serving.results.filter((result) => result === `${A.id} error`);
    expect(errors.length).toBeGreaterThan(0);
    expect(serving.results).toEqual([...errors, ...committed([A])]);
  });
});

describe('raw files that are cleared away', () => {
  it('take nothing back of what was committed', async () => {
    const lines = A.lines.slice(0, 10);
    deliver(A, { 'part-0.jsonl': A.lines, 'part-1.jsonl': lines });
    deliver(B);
    const serving = serve();
    await serving.has(2);
    const before = traceOf(join(home, 'lake'));
    rmSync(join(folderOf(root, A), 'part-0.jsonl'));
    rmSync(folderOf(root, B), { recursive: true });
    await serving.says('part-0.jsonl went away since they were committed; what was committed stands');
    await pause(A_WHILE);
    expect(traceOf(join(home, 'lake'))).toEqual(before);
    deliver(C);
    await serving.has(3);
    const { stderr } = await serving.stop();
    expect(serving.results).toEqual(committed([A, B, C]));
    expect(stderr.match(/went away/g)).toHaveLength(1);
  });

  it('with all of the root do not end it', async () => {
    deliver(A);
    const serving = serve();
    await serving.has(1);
    const elsewhere = join(folder, 'unmounted');
    renameSync(root, elsewhere);
    await serving.says(`error: ${root}: cannot be listed: ENOENT; it is looked at again`);
    await pause(A_WHILE);
    renameSync(elsewhere, root);
    deliver(B);
    await serving.has(2);
    const { stderr } = await serving.stop();
    expect(stderr.match(/cannot be listed/g)).toHaveLength(1);
    expect(existsSync(join(home, 'lake'))).toBe(true);
  });
});
