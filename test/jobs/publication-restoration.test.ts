import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkPublication, publicationsIn } from '../../src/jobs/publication-inventory.ts';
import { type RestoredPublication, restorePublications } from '../../src/jobs/publication-restoration.ts';
import {
  type BaselinePublications,
  openBaselinePublications,
  type PublicationManifest,
  publicationFolder,
} from '../../src/state/baseline-publications.ts';
import { openDirectoryItems } from '../../src/state/items/directory.ts';
import { openDirectoryLake } from '../../src/state/lake/directory.ts';
import type { Lake } from '../../src/state/lake.ts';
import { sha256Hex } from '../../src/state/manifest.ts';

const REF = Date.UTC(2026, 2, 12);
const SPEC = { project: 'default', outputs: { fg_b: null } } as unknown as Parameters<typeof publicationsIn>[1];
const TABLES = ['host', 'segment', 'ip_metadata', 'pair/host', 'pair/segment', 'publication_metadata'] as const;

let place = '';
let lake: Lake;
let baselines: BaselinePublications;

const openIndex = async (name: string): Promise<BaselinePublications> =>
  openBaselinePublications(await openDirectoryItems(join(place, name)), lake);

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'ndr-publications-'));
  lake = await openDirectoryLake(join(place, 'lake'));
  baselines = await openIndex('items');
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

/** A publication with one file of the given content in each table. */
async function publish(content: string): Promise<Record<string, string>> {
  const bytes = new TextEncoder().encode(content);
  const sha256 = sha256Hex(bytes);
  const paths: Record<string, string> = {};
  const datasets: Record<string, unknown> = {};
  for (const table of TABLES) {
    const folder = publicationFolder('default/fg_b', table, 'v1', '7d', REF);
    const path = `${folder}/part-00000-${sha256.slice(0, 12)}.parquet`;
    await lake.create(path, bytes);
    paths[table] = path;
    datasets[table] = { folders: [folder], rows: 1, files: [{ path, rows: 1, bytes: bytes.length, sha256 }] };
  }
  const manifest = {
    publication_version: 1,
    project_name: 'default',
    feature_spec_version: 'v1',
    baseline_horizon: '7d',
    baseline_month: '2026-03',
    ref: '2026-03-12T00:00:00Z',
    baseline_start_ts: '2026-03-03T00:00:00Z',
    baseline_end_ts: '2026-03-10T00:00:00Z',
    join_keys: ['host_ip', 'window_label'],
    metrics: ['sessions_cnt_w_15m'],
    pair_counts: true,
    spec_digest: content,
    inputs_digest: 'b',
    mini_batches: 1,
    code_version: '1',
    health: {},
    datasets,
  } as unknown as PublicationManifest;
  await baselines.record(manifest, publicationFolder('default/fg_b', 'publication_metadata', 'v1', '7d', REF));
  return paths;
}

async function restored(into: BaselinePublications, isDryRun = false): Promise<RestoredPublication[]> {
  const stop = new AbortController().signal;
  const found: RestoredPublication[] = [];
  for await (const one of restorePublications({ lake, baselines: into, spec: SPEC, stop }, { isDryRun }))
    found.push(one);
  return found;
}

it('leaves a publication that the index names and that verifies', async () => {
  await publish('one');
  expect(await restored(baselines)).toEqual([
    { name: '7d@2026-03-12T00:00:00Z', version: 'v1', is: 'stands', faults: [] },
  ]);
});

it('puts back into an empty index what was there, and a dry run only says so', async () => {
  await publish('one');
  const before = await baselines.newest('default', 'v1', '7d', REF);
  const empty = await openIndex('other');
  expect((await restored(empty, true)).map(({ is }) => is)).toEqual(['restored']);
  expect(await empty.newest('default', 'v1', '7d', REF)).toBeUndefined();
  expect((await restored(empty)).map(({ is }) => is)).toEqual(['restored']);
  expect(await empty.newest('default', 'v1', '7d', REF)).toEqual(before);
});

it('takes an earlier publication of the instant where the one that the index names is damaged', async () => {
  await publish('one');
  const first = await baselines.newest('default', 'v1', '7d', REF);
  const { segment } = await publish('two');
  await lake.remove(segment!);
  const [one] = await restored(baselines);
  expect(one).toMatchObject({ is: 'restored', faults: [{ is: 'missing', path: segment }] });
  expect((await baselines.newest('default', 'v1', '7d', REF))?.digest).toBe(first?.digest);
});

it('says what is lost, by its files', async () => {
  const { host } = await publish('one');
  await lake.remove(host!);
  await lake.create(host!, new TextEncoder().encode('other'));
  const [one] = await restored(baselines);
  expect(one).toMatchObject({ is: 'lost', faults: [{ is: 'damaged', path: host }] });
  const found = (await publicationsIn(lake, SPEC)).flat()[0]!;
  expect((await checkPublication(lake, found.path, false)).is).toBe('faulty');
});
