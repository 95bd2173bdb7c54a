/** `ndr verify` over four days of a small office, novelty included: it agrees, and finds what was made to differ. */

import { appendFileSync, cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verify } from '../../src/commands/verify.ts';
import { openFile } from '../../src/jobs/dataset-parts.ts';
import { publishedHosts } from '../../src/jobs/published-rows.ts';
import { selectRows } from '../../src/jobs/table-rows.ts';
import { openBatchIndex } from '../../src/state/batch-index.ts';
import { decodeBlock, encodeBlock } from '../../src/state/block-codec.ts';
import { openDirectoryItems } from '../../src/state/items/directory.ts';
import { openDirectoryLake } from '../../src/state/lake/directory.ts';
import { readManifest, renderManifest } from '../../src/state/manifest.ts';
import { encodeParquet } from '../../src/state/parquet.ts';
import { partFiles, publishParts } from '../../src/state/publish.ts';
import { type BackfillLab, openLab, writeRaw } from '../support/backfill-lab.ts';
import { type CommandEnd, runCommand, writeSpecs } from '../support/command-run.ts';
import { openReader, readManifests, readRows } from '../support/committed-lake.ts';
import { filesBelow } from '../support/folder-content.ts';
import { folderOf, idOf, type MiniBatch } from '../support/mini-batch-folders.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const DAY = 86_400_000;
const QUARTER = 900_000;
/** Of days 0, 2, 3 and 4; the last day has three slices, of which one comes as two mini-batches. */
const PLACES = [0, 2 * DAY, 3 * DAY, 4 * DAY, 4 * DAY + QUARTER, 4 * DAY + 2 * QUARTER];
const office = officeMiniBatches({ seed: 7, hosts: 6, slices: PLACES.length, thin: 3 });
const miniBatches: readonly MiniBatch[] = PLACES.flatMap((place, n) => {
  const sliceEnd = office[0]!.sliceEnd + place;
  const { lines } = office[n]!;
  if (n !== 4) return [{ id: idOf(sliceEnd), sliceEnd, lines }];
  const half = lines.length >> 1;
  return [
    { id: `${idOf(sliceEnd)}-a`, sliceEnd, lines: lines.slice(0, half) },
    { id: `${idOf(sliceEnd)}-b`, sliceEnd, lines: lines.slice(half) },
  ];
});
const NEWEST = miniBatches.at(-1)!;
/** So that a few days are enough to tell what is new. */
const SPECS = { fg_a_builder: { lookback30d: { min_days: 1 } } };

let lab: BackfillLab;
let reference: string;
beforeAll(async () => {
  lab = openLab(miniBatches);
  reference = lab.place('reference');
  writeSpecs(reference, SPECS);
  await lab.backfill(reference, { settings: { NDR_SHARDS: '2' } });
});
afterAll(() => lab.close());

let copies = 0;
function copyOf(folder: string): string {
  const copy = lab.place(`copy-${copies++}`);
  cpSync(folder, copy, { recursive: true });
  return copy;
}

const run = (home: string, flags: Record<string, string | boolean> = {}): Promise<CommandEnd> =>
  runCommand(verify, { home, flags });
const summaryOf = ({ results }: CommandEnd) => results.at(-1)!['summary'];

interface DatasetJson {
  readonly rows_a: number;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly changed_columns: Readonly<Record<string, number>>;
  readonly rows: readonly { readonly cells: Readonly<Record<string, readonly [number, number]>> }[];
}
const datasetsOf = ({ results }: CommandEnd, line = 0) => results[line]!['datasets'] as Record<string, DatasetJson>;

type Block<K extends 'slice' | 'base'> = NonNullable<ReturnType<typeof decodeBlock<K>>>;

describe('verify', () => {
  it('agrees with what was published, every column of it', async () => {
    const end = await run(reference, { last: '4', hosts: '1000' });
    expect(end).toMatchObject({ code: 0, notes: [] });
    expect(summaryOf(end)).toEqual({ equal: 4, different: 0, unverifiable: 0 });
    for (const [n, { id }] of miniBatches.slice(-4).entries()) {
      const line = end.results[n]!;
      expect(line).toMatchObject({ mini_batch_id: id, outcome: 'equal', not_verified: null });
      const { fg_a, 'fg_a hosts': hosts, delta } = datasetsOf(end, n);
      expect(fg_a!.rows_a).toBe(hosts!.rows_a);
      expect(delta!.rows_a).toBeGreaterThan(fg_a!.rows_a / 2);
    }
  });

  it('has something to agree on: the office does new things', async () => {
    const manifests = readManifests(reference).filter(({ mini_batch_id }) => mini_batch_id === NEWEST.id);
    const rows = (await readRows(await openReader(), reference, manifests, 'fg_a')).get(NEWEST.id)!;
    const sum = (column: string): number => rows.reduce((total, row) => total + Number(row[column]), 0);
    for (const column of ['new_pair_cnt_lookback30d_w_24h', 'host_age_days', 'lookback_days', 'sessions_cnt_w_24h'])
      expect(sum(column), column).toBeGreaterThan(0);
  });

  it('draws the same hosts for the same seed, others for another', async () => {
    const hostsOf = async (seed: string) => (await run(reference, { hosts: '3', seed })).results[0]!['hosts'];
    const [first, again, other] = [await hostsOf('1'), await hostsOf('1'), await hostsOf('2')];
    expect(first).toHaveLength(3);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('names the columns that it leaves out', async () => {
    const end = await run(reference, { 'no-lookback': true });
    expect(end.code).toBe(0);
    const { columns, why } = end.results[0]!['not_verified'] as { columns: string[]; why: string };
    expect(why).toBe('left out, as was asked');
    expect(columns).toHaveLength(7 * 5 * 2 + 2 + 3);
    expect(columns).toEqual(expect.arrayContaining(['new_peer_cnt_lookback30d_w_15m', 'host_age_days', 'is_new_host']));
  });

  /** Publishes the newest mini-batch upon a state of which every block of a kind was changed. */
  async function homeUpon<K extends 'slice' | 'base'>(kind: K, change: (block: Block<K>) => void): Promise<string> {
    const home = lab.place(`wrong-${kind}`);
    writeSpecs(home, SPECS);
    await lab.backfill(home, { flags: { to: new Date(NEWEST.sliceEnd).toISOString() } });
    const folder = join(home, 'state', kind === 'slice' ? 'windows' : 'lookback/bases');
    for (const path of filesBelow(folder).filter((name) => name.includes('.0-of-1.'))) {
      const block = decodeBlock(kind, readFileSync(join(folder, path)))! as Block<K>;
      change(block);
      writeFileSync(join(folder, path), encodeBlock(kind, block));
    }
    await lab.backfill(home);
    return home;
  }

  it('finds a number that window state got wrong', async () => {
    const home = await homeUpon('slice', ({ roles }) => {
      roles.outbound.totals[0]! += 1;
    });
    const end = await run(home, { hosts: '1000' });
    expect(end.code).toBe(1);
    expect(summaryOf(end)).toEqual({ equal: 0, different: 1, unverifiable: 0 });
    const { fg_a, delta, pair_context } = datasetsOf(end);
    expect([delta!.changed, pair_context!.changed]).toEqual([0, 0]);
    expect(fg_a!.changed).toBeGreaterThan(0);
    const [published, computed] = Object.values(fg_a!.rows[0]!.cells)[0]!;
    expect(published).toBeGreaterThan(computed);
  });

  it('finds a number that the lookback got wrong', async () => {
    const home = await homeUpon('base', ({ roles }) => {
      roles.outbound.sessions.fill(0);
    });
    const end = await run(home, { hosts: '1000' });
    expect(end.code).toBe(1);
    const changed = Object.keys(datasetsOf(end)['fg_a']!.changed_columns);
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.filter((name) => !/lookback30d/.test(name))).toEqual([]);
    expect((await run(home, { hosts: '1000', 'no-lookback': true })).code).toBe(0);
  });

  it('finds a row that is missing of what was published', async () => {
    const home = copyOf(reference);
    const host = await dropFgARow(home);
    const end = await run(home, { hosts: '1' });
    expect(end.code).toBe(1);
    const hosts = datasetsOf(end)['fg_a hosts']!;
    expect(hosts).toMatchObject({ added: 1, removed: 0 });
    expect(hosts.rows).toMatchObject([{ is: 'added', key: { host_ip: host } }]);
  });
});

/** Commits the newest mini-batch anew without the first row of its FG-A, and returns that row's host. */
async function dropFgARow(home: string): Promise<string> {
  const lake = await openDirectoryLake(join(home, 'lake'));
  const index = openBatchIndex(await openDirectoryItems(join(home, 'state', 'items')));
  const batch = (await index.batch('default', 'v1', NEWEST.id))!;
  const manifest = await readManifest(lake, batch.manifest!);
  const fgA = manifest.datasets['fg_a']!;
  const table = await openFile(lake, fgA.files[0]!.path);
  const [first, ...others] = (await publishedHosts(lake, manifest)) as [string, ...string[]];
  const kept = selectRows(table, 'host_ip', new Set(others));
  const parts = partFiles(fgA.folders[0]!, [{ rows: kept.length, bytes: encodeParquet(kept) }]);
  await publishParts(lake, parts);
  const files = parts.map(({ content: _, ...file }) => file);
  const datasets = { ...manifest.datasets, fg_a: { ...fgA, files } };
  const forged = renderManifest({ ...manifest, datasets, revision: 2 }, dirname(batch.manifest!.path));
  await lake.create(forged.path, forged.bytes);
  await index.record('default', 'v1', { ...batch, revision: 2, manifest: forged }, batch);
  return first;
}

describe('what cannot be verified', () => {
  const inputOf = (raw: string): string => folderOf(raw, miniBatches[3]!);

  /** A home of its own, whose raw files may be touched. */
  async function ownHome(name: string): Promise<{ home: string; raw: string }> {
    const [home, raw] = [lab.place(name), lab.place(`${name}-raw`)];
    writeRaw(raw, miniBatches);
    writeSpecs(home, SPECS);
    await lab.backfill(home, { input: raw });
    return { home, raw };
  }

  it('is a mini-batch whose raw files changed, went or came, each by its name', async () => {
    const { home, raw } = await ownHome('raw-files');
    const folder = inputOf(raw);
    const [first, second] = readdirSync(folder).sort();
    appendFileSync(join(folder, first!), 'x');
    renameSync(join(folder, second!), join(folder, 'part-2.json.gz'));
    const { code, results } = await run(home);
    expect(code).toBe(1);
    expect(results[0]).toMatchObject({ outcome: 'unverifiable' });
    const reasons = (results[0]!['reasons'] as string[]).join('\n');
    expect(reasons).toMatch(/part-0.json.gz has \d+ bytes, \d+ when it was committed/);
    expect(reasons).toContain('part-1.json.gz is gone');
    expect(reasons).toContain('part-2.json.gz came after the commit');
    // Its windows do not reach that far.
    expect((await run(home, { 'mini-batch': miniBatches[1]!.id })).code).toBe(0);
  });

  it('is a mini-batch of other specs, or of windows that have changed', async () => {
    const other = copyOf(reference);
    writeSpecs(other, { ...SPECS, project_parameters: { pair_cap: 7 } });
    const { code, results } = await run(other);
    expect(code).toBe(1);
    const [reason, ...others] = results[0]!['reasons'] as string[];
    expect(reason).toMatch(/specs have changed .*project_parameters.*ndr replay/);
    expect(others.every((other) => /was computed under other specs/.test(other))).toBe(true);

    const { home, raw } = await ownHome('stale');
    const late = { id: `${miniBatches[3]!.id}-z`, sliceEnd: miniBatches[3]!.sliceEnd, lines: office[1]!.lines };
    writeRaw(raw, [late]);
    const flags = { to: new Date(late.sliceEnd + 1).toISOString() };
    await lab.backfill(home, { input: raw, flags, settings: { NDR_ORDER_REPROCESS_AFFECTED: 'false' } });
    const stale = await run(home);
    expect(stale.results[0]!['reasons']).toMatchObject([expect.stringContaining('that its windows cover')]);
  });

  it('is none that comes out the same although its raw files were packed anew', async () => {
    const { home, raw } = await ownHome('packed-anew');
    const [file] = readdirSync(inputOf(raw)).sort();
    const path = join(inputOf(raw), file!);
    writeFileSync(path, gzipSync(gunzipSync(readFileSync(path)), { level: 1 }));
    const { code, results } = await run(home);
    expect(code).toBe(0);
    expect(results[0]!['although']).toMatchObject([expect.stringContaining(`${path} has`)]);
  });

  it('is one whose published files are gone', async () => {
    const home = copyOf(reference);
    rmSync(join(home, 'lake/default/fg_a'), { recursive: true });
    const { code, results } = await run(home);
    expect(code).toBe(1);
    expect(results[0]!['reasons']).toMatchObject([expect.stringContaining('which was published, is gone')]);
  });

  it('is left out of the lookback where published files are gone', async () => {
    const home = copyOf(reference);
    const [first] = readManifests(home);
    rmSync(join(home, 'lake', first!.datasets['pair_context']!.files[0]!.path));
    const { code, results } = await run(home);
    expect(code).toBe(0);
    const { why } = results[0]!['not_verified'] as { why: string };
    expect(why).toMatch(/pair_context.* which the lookback reads, is gone/);
  });
});

describe('a call of verify', () => {
  it.each([
    [{ last: '0' }, '--last: is "0"; give a whole number of at least 1'],
    [{ 'mini-batch': 'a', last: '1' }, '--mini-batch, --last: name the same thing'],
    [{ 'mini-batch': 'nope' }, '--mini-batch: nope has no committed revision'],
  ])('%j is refused', async (flags, why) => {
    await expect(run(reference, flags as Record<string, string>)).rejects.toThrow(why);
  });
});
