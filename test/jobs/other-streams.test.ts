import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unknownStream } from '../../src/jobs/other-streams.ts';
import { openDirectoryLake } from '../../src/state/lake/directory.ts';
import { DEFAULT_MANIFEST_PREFIX } from '../../src/state/manifest.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ndr-streams-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('names the projects and versions of a lake, but for the one that was asked for', async () => {
  const lake = await openDirectoryLake(root);
  const own = { project: 'offise', version: 'v1' };
  expect(await unknownStream(lake, own)).toBeUndefined();
  for (const [project, version] of [
    ['office', 'v1'],
    ['office', 'v2'],
    ['offise', 'v1'],
  ] as const) {
    const folder = `${DEFAULT_MANIFEST_PREFIX}/${project}/feature_spec_version=${version}/dt=2026-03-02/batch=b1`;
    await lake.create(`${folder}/_batch-1-0123456789ab.json`, new Uint8Array([1]));
  }
  expect(await unknownStream(lake, own)).toBe(
    'nothing is committed of project offise, v1; the lake holds: office, v1; office, v2',
  );
});
