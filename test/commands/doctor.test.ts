/** `ndr doctor`: what is amiss in a home is found, with a remedy that can be typed, and the remedy works. */

import { appendFileSync, cpSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doctor } from '../../src/commands/doctor.ts';
import { rebuildIndex } from '../../src/commands/rebuild-index.ts';
import { runBatch } from '../../src/commands/run-batch.ts';
import { type BackfillLab, lakeOf, openLab } from '../support/backfill-lab.ts';
import { type CommandEnd, runCommand, writeSpecs } from '../support/command-run.ts';
import { filesOf, lastingIndex, readManifests } from '../support/committed-lake.ts';
import { traceOf } from '../support/folder-content.ts';
import { folderOf, ID_PATTERN, idOf, writeMiniBatch } from '../support/mini-batch-folders.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const miniBatches = officeMiniBatches({ seed: 3, hosts: 4, slices: 3, thin: 4 });

let lab: BackfillLab;
let reference: string;
beforeAll(async () => {
  lab = openLab(miniBatches);
  reference = lab.place('reference');
  await lab.backfill(reference);
});
afterAll(() => lab.close());

let copies = 0;
function copyHome(): string {
  const home = lab.place(`copy-${copies++}`);
  cpSync(reference, home, { recursive: true, preserveTimestamps: true });
  return home;
}

interface FindingJson {
  readonly severity: string;
  readonly check: string;
  readonly what: string;
  readonly remedy: string | null;
}

interface Options {
  readonly flags?: Record<string, boolean>;
  readonly settings?: Record<string, string>;
  readonly clock?: () => number;
}

const run = (home: string, options: Options = {}): Promise<CommandEnd> => runCommand(doctor, { home, ...options });
const findingsOf = ({ results }: CommandEnd) => results.slice(0, -1) as unknown as FindingJson[];

/** The one finding that is not as it should be. */
async function findingOf(home: string, code: number, options: Options = {}): Promise<FindingJson> {
  const end = await run(home, options);
  const found = findingsOf(end).filter(({ severity }) => severity !== 'info');
  expect(found.map(({ what }) => what)).toHaveLength(1);
  expect(end.code).toBe(code);
  return found[0]!;
}

const entryOf = (home: string, id: string): string => {
  const items = join(home, 'state/items/batch_index/default');
  return join(items, readdirSync(items).find((name) => name.startsWith('v1%23range') && name.endsWith(id))!);
};

const LATER = (): number => Date.now() + 7_200_000;

describe('doctor', () => {
  it('finds nothing in a home that is well, and changes nothing in it', async () => {
    const home = copyHome();
    const before = traceOf(home);
    const end = await run(home, { flags: { deep: true }, clock: LATER });
    expect(end.code).toBe(0);
    expect(end.results.at(-1)).toMatchObject({ summary: { error: 0, warning: 0 } });
    const checks = findingsOf(end).map(({ check }) => check);
    expect(checks).toEqual(expect.arrayContaining(['node', 'specs', 'index', 'disk', 'state']));
    expect(traceOf(home)).toEqual(before);
  });

  it('finds mini-batches that readers of a range would not find', async () => {
    const home = copyHome();
    rmSync(entryOf(home, miniBatches[1]!.id), { recursive: true });
    const { check, what, remedy } = await findingOf(home, 1);
    expect([check, what]).toEqual([
      'index',
      `v1: 1 committed mini-batches, the first of them ${miniBatches[1]!.id}, are not entered under their slices: the windows ` +
        'of later ones leave them out',
    ]);
    expect(remedy).toContain('ndr rebuild-index');
    const dry = await runCommand(rebuildIndex, { home, flags: { 'dry-run': true } });
    expect(dry.notes).toEqual([]);
    const { code, notes } = await runCommand(rebuildIndex, { home });
    expect([code, notes]).toEqual([
      0,
      [
        'warning: 1 committed mini-batches were not entered under their slices: an older ndr was killed before it had ' +
          'done so; they are now',
      ],
    ]);
    expect(lastingIndex(home)).toEqual(lastingIndex(reference));
    expect((await run(home, { clock: LATER })).code).toBe(0);
  });

  it('tells every fault of the specs, and goes on', async () => {
    const home = copyHome();
    writeSpecs(home, { project_parameters: { pair_cap: 'x', host_networks: ['10.0.0.0/99'] } });
    const end = await run(home);
    const faults = findingsOf(end).filter(({ check }) => check === 'specs');
    expect(faults.map(({ severity }) => severity)).toEqual(['error', 'error']);
    expect(findingsOf(end).map(({ check }) => check)).toContain('index');
    expect(end.code).toBe(1);
  });

  it('finds a file that is gone; what it says to type brings it back', async () => {
    const home = copyHome();
    const [file] = filesOf(readManifests(home).slice(1, 2), 'fg_a');
    rmSync(join(home, 'lake', file!));
    const { check, what, remedy } = await findingOf(home, 1);
    expect({ check, names: what.includes(file!) }).toEqual({ check: 'files', names: true });
    const folder = folderOf(lab.raw, miniBatches[1]!);
    expect(remedy).toBe(`ndr run-batch --input ${folder} --home ${home}`);
    await runCommand(runBatch, { home, flags: { input: folder } });
    expect(lakeOf(home)).toEqual(lakeOf(reference));
  });

  it('finds a file of another size, and with --deep one of other content; the remedy removes it first', async () => {
    const home = copyHome();
    const [file] = filesOf(readManifests(home).slice(2, 3), 'delta');
    const path = join(home, 'lake', file!);
    appendFileSync(path, 'x');
    expect(await findingOf(home, 1)).toMatchObject({
      check: 'files',
      remedy: expect.stringContaining(`rm '${path}'; ndr`),
    });
    cpSync(join(reference, 'lake', file!), path);
    expect((await run(home)).code).toBe(0);
    const bytes = Buffer.alloc(10, 7);
    writeFileSync(path, bytes, { flag: 'r+' });
    expect((await run(home)).code).toBe(0);
    expect(await findingOf(home, 1, { flags: { deep: true } })).toMatchObject({ check: 'files' });
    rmSync(path);
    await runCommand(runBatch, { home, flags: { input: folderOf(lab.raw, miniBatches[2]!) } });
    expect(lakeOf(home)).toEqual(lakeOf(reference));
  });

  it('finds a manifest that is gone', async () => {
    const home = copyHome();
    rmSync(join(home, 'lake', '_batches', 'default'), { recursive: true });
    const end = await run(home);
    expect(end.code).toBe(1);
    expect(findingsOf(end).filter(({ check }) => check === 'manifest')).toHaveLength(3);
  });

  it('finds what the index does not know, once nobody can be about to commit it', async () => {
    const home = copyHome();
    rmSync(join(home, 'state', 'items'), { recursive: true });
    expect((await run(home)).code).toBe(0);
    const { severity, check, what, remedy } = await findingOf(home, 0, { clock: LATER });
    expect({ severity, check }).toEqual({ severity: 'warning', check: 'orphans' });
    expect(what).toContain('default/');
    expect(remedy).toContain('ndr rebuild-index --dry-run');
  });

  it.each([
    ['150 of 150 lines were rejected', { NDR_INPUT_ID_PATTERN: ID_PATTERN }],
    // Its slice cannot be settled, so that the index never hears of it.
    ['lines were rejected (malformed_json 150)', { NDR_INPUT_SLICE_TIME: 'max_event_end' }],
  ])('tells why a mini-batch failed: %s', async (why, settings) => {
    const home = copyHome();
    const sliceEnd = miniBatches[2]!.sliceEnd + 900_000;
    const lines = Array.from({ length: 150 }, (_, n) => `noise ${n}`);
    const folder = writeMiniBatch(lab.place('failing-logs'), { id: idOf(sliceEnd), sliceEnd, lines });
    await runCommand(runBatch, { home, flags: { input: folder }, settings: settings as Record<string, string> });
    expect(await findingOf(home, 1)).toMatchObject({
      check: 'failed',
      what: expect.stringContaining(why),
      remedy: `ndr run-batch --input ${folder} --home ${home}`,
    });
  });

  it('finds mini-batches that late data affected', async () => {
    const home = copyHome();
    const folder = writeMiniBatch(lab.place('late-logs'), { ...miniBatches[0]!, id: `${miniBatches[0]!.id}-z` });
    const settings = { NDR_INPUT_ID_PATTERN: ID_PATTERN, NDR_ORDER_REPROCESS_AFFECTED: 'false' };
    await runCommand(runBatch, { home, flags: { input: folder }, settings });
    expect(await findingOf(home, 0)).toMatchObject({
      severity: 'warning',
      check: 'affected',
      what: expect.stringContaining('2 mini-batches'),
      remedy: `ndr replay --affected --home ${home}`,
    });
  });

  it('finds data from the future', async () => {
    const home = copyHome();
    const early = findingsOf(await run(home, { clock: () => miniBatches[0]!.sliceEnd }));
    expect(early.filter(({ check }) => check === 'clock').map(({ what }) => what)).toEqual([
      expect.stringContaining('the newest committed slice ends'),
      expect.stringContaining('is dated'),
    ]);
    const [input] = readManifests(home).at(-1)!.inputs;
    const tomorrow = Date.now() / 1000 + 86_400;
    utimesSync(input!.key, tomorrow, tomorrow);
    expect((await findingOf(home, 0)).what).toContain(`${input!.key} is dated`);
    utimesSync(input!.key, tomorrow - 90_000, tomorrow - 90_000);
  });

  it('finds a retention that is too short, and a place that is no folder', async () => {
    const home = copyHome();
    const short = await findingOf(home, 1, { settings: { NDR_RETENTION_DELTA_DAYS: '3' } });
    expect(short).toMatchObject({ check: 'retention', what: expect.stringContaining('33 days of delta are read') });

    const blocked = lab.place('blocked');
    mkdirSync(blocked);
    writeFileSync(join(blocked, 'quarantine'), '');
    expect(await findingOf(blocked, 1)).toMatchObject({
      check: 'folders',
      what: `${join(blocked, 'quarantine')} is a file`,
    });
  });

  it('reads an index item that is damaged as a finding', async () => {
    const home = copyHome();
    const item = join(home, 'state/items/batch_index/default', `v1%23batch%23${miniBatches[1]!.id}`, '00000009.json');
    mkdirSync(dirname(item), { recursive: true });
    writeFileSync(item, '{');
    const end = await run(home);
    expect(end.code).toBe(1);
    expect(findingsOf(end).filter(({ check }) => check === 'index')).toMatchObject([
      { severity: 'error', what: expect.stringContaining('is not JSON') },
    ]);
  });

  it('needs a folder', async () => {
    await expect(run(lab.place('nowhere'))).rejects.toThrow('is no folder');
  });
});
