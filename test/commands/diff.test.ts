/** `ndr diff` over a small office of which one mini-batch got a late file. */

import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/commands/command.ts';
import { diff } from '../../src/commands/diff.ts';
import { retain } from '../../src/commands/retain.ts';
import { type BackfillLab, openLab } from '../support/backfill-lab.ts';
import { type CommandEnd, runCommand } from '../support/command-run.ts';
import { openReader, readManifests, readRows } from '../support/committed-lake.ts';
import { writeMiniBatch } from '../support/mini-batch-folders.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const miniBatches = officeMiniBatches({ seed: 3, hosts: 4, slices: 4, thin: 3 });
const [FIRST, LATE] = [miniBatches[0]!, miniBatches[1]!];

let lab: BackfillLab;
/** With and without the late file. */
let home: string;
let other: string;
beforeAll(async () => {
  lab = openLab(miniBatches);
  [home, other] = [lab.place('home'), lab.place('other')];
  await lab.backfill(other);
  await lab.backfill(home);
  writeMiniBatch(lab.raw, LATE, { 'part-9.json.gz': FIRST.lines.slice(0, 12) });
  await lab.backfill(home);
});
afterAll(() => lab.close());

const run = (flags: Record<string, string | boolean>, at = home): Promise<CommandEnd> =>
  runCommand(diff, { home: at, flags });

interface DatasetJson {
  readonly rows_a: number;
  readonly rows_b: number;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly changed_cells: number;
  readonly changed_columns: Readonly<Record<string, number>>;
  readonly rows: readonly { readonly is: string; readonly key: unknown; readonly cells: Record<string, unknown> }[];
}

const datasetsOf = (end: CommandEnd, line = 0) => end.results[line]!['datasets'] as Record<string, DatasetJson>;

describe('diff of two revisions', () => {
  it('tells the cells that changed, and the raw file that came', async () => {
    const end = await run({ 'mini-batch': LATE.id });
    expect(end).toMatchObject({ code: 1, notes: [] });
    expect(end.results).toHaveLength(2);
    expect(end.results[0]).toMatchObject({ mini_batch_id: LATE.id, revision_a: 1, revision_b: 2, unread: [] });
    expect(end.results[1]).toEqual({ summary: { compared: 1, equal: 0, different: 1 } });
    const inputs = end.results[0]!['inputs'] as { input: string; name: string; was: unknown }[];
    expect(inputs.filter(({ input }) => input === 'raw_file')).toMatchObject([{ name: 'part-9.json.gz', was: null }]);
  });

  it('counts what another reader of the two revisions counts', async () => {
    const [before, after] = [readManifests(other), readManifests(home)].map((manifests) =>
      manifests.filter(({ mini_batch_id }) => mini_batch_id === LATE.id),
    );
    const reader = await openReader();
    const rowsA = (await readRows(reader, other, before!, 'delta')).get(LATE.id)!;
    const rowsB = (await readRows(reader, home, after!, 'delta')).get(LATE.id)!;
    const byKey = new Map(rowsA.map((row) => [`${row['host_ip']} ${row['role']}`, row]));
    const shared = rowsB.flatMap((row) => {
      const was = byKey.get(`${row['host_ip']} ${row['role']}`);
      return was === undefined ? [] : [{ was, row }];
    });
    const text = (value: unknown): string =>
      JSON.stringify(value, (_, cell) => (typeof cell === 'bigint' ? `${cell}` : cell));
    const cells = shared.map(({ was, row }) => Object.keys(row).filter((name) => text(was[name]) !== text(row[name])));
    const { delta } = datasetsOf(await run({ 'mini-batch': LATE.id, dataset: 'delta' }));
    expect(delta).toMatchObject({
      rows_a: rowsA.length,
      rows_b: rowsB.length,
      added: rowsB.length - shared.length,
      removed: rowsA.length - shared.length,
      changed: cells.filter((names) => names.length > 0).length,
      changed_cells: cells.flat().length,
    });
    expect(delta!.changed_cells).toBeGreaterThan(0);
  });

  it('bounds the rows that it tells, never the counts', async () => {
    const [all, few] = [
      await run({ 'mini-batch': LATE.id, rows: '1000' }),
      await run({ 'mini-batch': LATE.id, rows: '2' }),
    ];
    const [{ fg_a: whole }, { fg_a: bounded }] = [datasetsOf(all), datasetsOf(few)];
    expect(bounded!.rows).toEqual(whole!.rows.slice(0, 2));
    expect({ ...bounded, rows: [] }).toEqual({ ...whole, rows: [] });
  });

  it('finds nothing between a revision and itself', async () => {
    const end = await run({ 'mini-batch': LATE.id, revision: '2', with: '2' });
    expect(end.code).toBe(0);
    expect(end.results[0]).toMatchObject({ inputs: [] });
  });

  it('says what it cannot compare', async () => {
    const { code, results } = await run({ 'mini-batch': FIRST.id });
    expect({ code, why: results[0]!['why'] }).toEqual({ code: 1, why: expect.stringContaining('one revision only') });
    const refused = (flags: Record<string, string>) => expect(run(flags)).rejects;
    await refused({ 'mini-batch': LATE.id, with: '7' }).toThrow(
      new UsageError(
        '--mini-batch, --revision, --with: mini-batch ' +
          `${LATE.id} of default, v1 has no revision 7; its newest is 2`,
      ),
    );
    await refused({ 'mini-batch': 'nope' }).toThrow(UsageError);
    await refused({ 'mini-batch': LATE.id, revision: '5' }).toThrow('has no revision 5; its newest is 2');
    await refused({ 'mini-batch': 'nope' }).toThrow('has no committed revision');
  });

  it('says that a superseded revision was swept', async () => {
    const swept = lab.place('swept');
    cpSync(home, swept, { recursive: true });
    const clock = (): number => Date.now() + 7_200_000;
    expect((await runCommand(retain, { home: swept, clock })).code).toBe(0);
    const { code, results } = await run({ 'mini-batch': LATE.id }, swept);
    expect(code).toBe(1);
    expect(String(results[0]!['why'])).toMatch(/revision 1 was superseded, and its files were swept/);
    expect((await run({ 'mini-batch': LATE.id, 'with-home': home }, swept)).code).toBe(0);
  });
});

describe('diff of two homes', () => {
  it('finds them equal where they are, and names those that are not', async () => {
    const same = lab.place('same');
    cpSync(home, same, { recursive: true });
    const equal = await run({ 'with-home': same });
    expect(equal).toMatchObject({ code: 0, results: [{ summary: { compared: 4, equal: 4, different: 0 } }] });

    const { code, results } = await run({ 'with-home': other });
    expect(code).toBe(1);
    expect(results.map((line) => line['mini_batch_id'] ?? line['summary'])).toEqual([
      ...miniBatches.slice(1).map(({ id }) => id),
      { compared: 4, equal: 1, different: 3 },
    ]);
  });

  it('says which mini-batch one of them lacks', async () => {
    const fewer = lab.place('fewer');
    await lab.backfill(fewer, { flags: { to: new Date(miniBatches[3]!.sliceEnd).toISOString() } });
    const { code, results } = await run({ 'with-home': fewer, 'mini-batch': miniBatches[3]!.id });
    expect(code).toBe(1);
    expect(String(results[0]!['why'])).toContain('has no committed revision');
  });

  it('says which files are gone', async () => {
    const gone = lab.place('gone');
    cpSync(other, gone, { recursive: true });
    rmSync(join(gone, 'lake/default/pair_counts'), { recursive: true });
    const { results } = await run({ 'with-home': gone, 'mini-batch': LATE.id });
    expect(results[0]!['unread']).toMatchObject([{ dataset: 'pair_counts', why: expect.stringContaining('is gone') }]);
  });
});

describe('a call of diff', () => {
  it.each([
    [{}, '--mini-batch: is missing'],
    [{ 'mini-batch': 'b', dataset: 'fg_b' }, '--dataset: is "fg_b"; give one of delta'],
    [{ 'mini-batch': 'b', revision: 'x' }, '--revision: is "x"; give a whole number of at least 1'],
    [{ 'with-home': 'h', revision: '1' }, '--revision, --with: are revisions of one mini-batch'],
    [{ 'with-home': 'nowhere' }, '--with-home: '],
  ])('%j is refused', async (flags, why) => {
    await expect(run(flags as Record<string, string>)).rejects.toThrow(why);
  });
});
