/** Baselines that are learned from a lake in S3, published to it and scored by: the same bytes as in a directory. */

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { backfill } from '../../src/commands/backfill.ts';
import { baselines } from '../../src/commands/baselines.ts';
import { verify } from '../../src/commands/verify.ts';
import type { S3 } from '../../src/state/aws/s3-client.ts';
import { openS3Lake } from '../../src/state/lake/s3.ts';
import { collect } from '../conformance/collect.ts';
import { pretendAwsCredentials } from '../fakes/aws-environment.ts';
import { s3Of } from '../fakes/s3-client.ts';
import { type FakeS3, startFakeS3 } from '../fakes/s3-server.ts';
import { baselineMiniBatches, FIRST_DAY } from '../support/baseline-traffic.ts';
import { runCommand, writeSpecs } from '../support/command-run.ts';
import { contentOf } from '../support/folder-content.ts';
import { ID_PATTERN, writeMiniBatch } from '../support/mini-batch-folders.ts';

const DAY = 86_400_000;
const DAYS = 3;
const LAKE = 's3://features/lake';
const gaps = { head_days: 1 };
const SPECS = {
  delta_builder: { dq: { drop_malformed_ip: false } },
  fg_b_builder: { safety_gaps: { '7d': gaps }, support_min: 2, support_min_days: 1, max_missing_ratio: 1 },
};

let root: string;
let server: FakeS3;
let s3: S3;
beforeAll(async () => {
  pretendAwsCredentials();
  root = mkdtempSync(join(tmpdir(), 'ndr-baselines-s3-'));
  server = await startFakeS3({ buckets: ['features'] });
  s3 = s3Of(server.endpoint);
  const all = baselineMiniBatches({ seed: 5, start: FIRST_DAY, days: DAYS + 1, hours: [10] });
  const scoredFrom = FIRST_DAY + DAYS * DAY;
  for (const miniBatch of all)
    writeMiniBatch(join(root, miniBatch.sliceEnd < scoredFrom ? 'history' : 'scored'), miniBatch);
});
afterAll(async () => {
  s3.destroy();
  await server.close();
  rmSync(root, { recursive: true, force: true });
});

/** History, baselines, scored mini-batches, and all of them verified. Resolves with what `ndr baselines` said. */
async function runAll(name: string, settings: Readonly<Record<string, string>>) {
  const home = join(root, name);
  writeSpecs(home, SPECS);
  const run = async (command: typeof backfill, flags: Readonly<Record<string, string>>) => {
    const end = await runCommand(command, { home, flags, settings: { NDR_INPUT_ID_PATTERN: ID_PATTERN, ...settings } });
    // The traffic has no field for why a session ended.
    const notes = end.notes.filter((note) => !note.includes('no record carries event_reason'));
    expect({ code: end.code, notes }).toEqual({ code: 0, notes: [] });
    return end.results;
  };
  await run(backfill, { input: join(root, 'history') });
  const ref = new Date(FIRST_DAY + DAYS * DAY).toISOString().slice(0, 10);
  const said = await run(baselines, { horizon: '7d', ref });
  // Once more: what is published stands.
  expect(await run(baselines, { horizon: '7d', ref })).toMatchObject([{ outcome: 'unchanged' }]);
  await run(backfill, { input: join(root, 'scored') });
  await run(verify, {});
  return said;
}

const isData = (path: string): boolean => path.endsWith('.parquet');
const only = (content: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(content).filter(([path]) => isData(path)));

async function contentOfLake(): Promise<Record<string, string>> {
  const lake = openS3Lake(s3, LAKE);
  const content: Record<string, string> = {};
  for (const { path } of (await collect(lake.list(''))).filter((entry) => isData(entry.path)))
    content[path] = createHash('sha256')
      .update(await lake.read(path))
      .digest('hex');
  return content;
}

it('are the bytes that a directory has, and so is what is scored by them', async () => {
  const inDirectory = await runAll('directory', {});
  const inS3 = await runAll('s3', {
    NDR_LAKE_LOCATION: LAKE,
    NDR_S3_ENDPOINT: server.endpoint,
    NDR_S3_FORCE_PATH_STYLE: 'true',
    NDR_AWS_REGION: 'us-east-1',
    NDR_THREADS: '2',
  });
  expect(inDirectory).toMatchObject([{ outcome: 'published', revision: 1 }]);
  expect(inS3).toEqual(inDirectory);
  const expected = only(contentOf(join(root, 'directory', 'lake')));
  const paths = Object.keys(expected);
  for (const part of ['/fg_a/', '/fg_b/host/', '/fg_b/pair/', '/fg_c/'])
    expect(
      paths.filter((path) => `/${path}`.includes(part)),
      part,
    ).not.toEqual([]);
  expect(await contentOfLake()).toEqual(expected);
  // Nothing of it lies beside the lake in the home.
  expect(contentOf(join(root, 's3', 'lake'))).toEqual({});
}, 300_000);
