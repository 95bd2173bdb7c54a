/** Servers that do not keep a promise on which commits stand are found before anything is committed there. */

import { expect, it } from 'vitest';
import { examineBucket } from '../../src/jobs/bucket-examination.ts';
import { clockFinding } from '../../src/jobs/reach-finding.ts';
import { examineIndexTable } from '../../src/jobs/table-examination.ts';
import type { Items } from '../../src/state/items.ts';
import type { Lake } from '../../src/state/lake.ts';
import { collect } from '../conformance/collect.ts';

/** One that heeds no condition. */
function carelessLake(): Lake & { readonly held: Map<string, Uint8Array> } {
  const held = new Map<string, Uint8Array>();
  return {
    held,
    read: async (path) => held.get(path)!,
    exists: async (path) => held.has(path),
    async *list() {},
    async create(path, bytes) {
      held.set(path, bytes);
      return 'created';
    },
    async remove(path) {
      held.delete(path);
    },
  };
}

const upkeep = (clears: boolean) => ({ clearsUploads: async () => clears, clearUploads: async () => true as const });

it('finds a server that overwrites what is there, and leaves nothing in it', async () => {
  const lake = carelessLake();
  const findings = await collect(examineBucket({ check: 'lake', location: 's3://b/l', lake }, upkeep(true), true));
  expect(findings.filter(({ severity }) => severity !== 'info')).toMatchObject([
    { severity: 'error', what: expect.stringContaining('does not heed If-None-Match') },
  ]);
  expect(lake.held.size).toBe(0);
});

it('finds that nothing clears unfinished uploads', async () => {
  const place = { check: 'lake', location: 's3://b/l', lake: carelessLake() };
  const findings = await collect(examineBucket(place, upkeep(false), false));
  expect(findings.filter(({ severity }) => severity !== 'info')).toMatchObject([
    { severity: 'warning', what: expect.stringContaining('killed workers left unfinished'), remedy: 'ndr provision' },
  ]);
});

it('finds a table whose server heeds no condition', async () => {
  const items: Items = {
    get: async () => undefined,
    put: async () => 'stored',
    async *query() {},
    keys: async () => [],
    remove: async () => {},
  };
  expect(await collect(examineIndexTable(items, 'batch_index', true))).toMatchObject([
    { severity: 'error', what: expect.stringContaining('does not heed conditions') },
  ]);
  expect(await collect(examineIndexTable(items, 'batch_index', false))).toEqual([]);
});

it.each([
  [undefined, 'info', 'does not say what time it is'],
  [29_000, 'info', 'agree'],
  [-31_000, 'warning', "this machine's clock is 31 s ahead of that of S3"],
  [31_000, 'warning', "this machine's clock is 31 s behind that of S3"],
  [-299_000, 'warning', '299 s ahead'],
  [301_000, 'error', 'signed requests are refused'],
])('a server whose clock is %s ms ahead is %s', (aheadMs, severity, what) => {
  expect(clockFinding('S3', aheadMs)).toMatchObject({ severity, what: expect.stringContaining(what) });
});
