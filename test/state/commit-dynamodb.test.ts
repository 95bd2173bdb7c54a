/** Commits of several workers, each with a connection of its own to one table. */

import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { openDynamoDb } from '../../src/state/aws/dynamodb-client.ts';
import { openDynamoDbTables } from '../../src/state/aws/dynamodb-tables.ts';
import { openBatchIndex } from '../../src/state/batch-index.ts';
import { commitBatch } from '../../src/state/commit.ts';
import { openDynamoDbItems, PARTITION_KEY, SORT_KEY } from '../../src/state/items/dynamodb.ts';
import { openDirectoryLake } from '../../src/state/lake/directory.ts';
import { readManifest, sha256Hex } from '../../src/state/manifest.ts';
import { type DynamoDbServer, startDynamoDb } from '../support/dynamodb-server.ts';
import { openLossyGate } from '../support/gate.ts';
import { Crash, crashAt, interferedWith } from './interference.ts';
import {
  commit,
  commitOf,
  END,
  newFolder,
  PROJECT,
  QUARTER,
  removeFolder,
  type Store,
  VERSION,
} from './mini-batches.ts';

let server: DynamoDbServer;
let root: string;
let table = 0;
beforeAll(async () => {
  server = await startDynamoDb();
});
afterAll(() => server.close());
beforeEach(async () => {
  root = await newFolder();
  const shape = { name: `batch_index_${++table}`, partitionKey: PARTITION_KEY, sortKey: SORT_KEY };
  await openDynamoDbTables(server.connect()).create(shape);
});
afterEach(() => removeFolder(root));

async function openWorker(connection = server.connect()): Promise<Store> {
  const items = openDynamoDbItems(connection);
  const lake = await openDirectoryLake(`${root}/lake`);
  return { root, lake, items, index: openBatchIndex(items, `batch_index_${table}`) };
}

it('lets one of several workers win each revision, though answers are lost', async () => {
  const gate = await openLossyGate(server.port, 'DynamoDB_20120810.PutItem');
  const shaky = openDynamoDb({ region: null, endpoint: gate.endpoint });
  const workers = [await openWorker(), await openWorker(shaky), await openWorker()];
  for (let revision = 1; revision <= 6; revision++) {
    const attempts = await Promise.all(
      workers.map((worker, n) =>
        commitOf(worker, { token: `${revision}-${n}`, datasets: { delta: [`${revision} by ${n}`], fg_a: ['a'] } }),
      ),
    );
    gate.lose(2);
    const outcomes = await Promise.all(attempts.map(commitBatch));
    expect(outcomes.filter(({ is }) => is === 'committed')).toEqual([expect.objectContaining({ revision })]);
    const won = outcomes.findIndex(({ is }) => is === 'committed');
    for (const outcome of outcomes.filter(({ is }) => is !== 'committed'))
      expect(outcome).toEqual({ is: 'lost', to: { revision, attemptToken: `${revision}-${won}`, state: 'committed' } });
    const [found] = await workers[2]!.index.committedBetween(PROJECT, VERSION, END - QUARTER, END);
    const { datasets } = await readManifest(workers[0]!.lake, found!.manifest);
    expect(datasets['delta']!.files[0]!.sha256).toBe(sha256Hex(`${revision} by ${won}`));
  }
  shaky.close();
  await gate.close();
});

it('survives the death of a worker at any write, and shows others whole revisions only', async () => {
  const reader = await openWorker();
  for (let n = 0, isBehind = false; !isBehind; n++) {
    for (const moment of ['before', 'after'] as const) {
      const miniBatchId = `mb-${n}-${moment}`;
      const crash = crashAt(n, moment);
      const dying = interferedWith(await openWorker(), crash.interfere);
      const dead = { ...dying, index: openBatchIndex(dying.items, `batch_index_${table}`) };
      await commit(dead, { miniBatchId }).catch((error: unknown) => expect(error).toBeInstanceOf(Crash));
      const isCommitted = ((await reader.index.batch(PROJECT, VERSION, miniBatchId))?.revision ?? 0) > 0;
      const found = await reader.index.committedBetween(PROJECT, VERSION, END - QUARTER, END);
      expect(found.some((batch) => batch.miniBatchId === miniBatchId)).toBe(isCommitted);
      expect(['committed', 'unchanged']).toContain((await commit(reader, { miniBatchId })).is);
      const now = await reader.index.planned(PROJECT, VERSION, END - QUARTER, END);
      expect(now.find((entry) => entry.miniBatchId === miniBatchId)).toMatchObject({ is: 'committed' });
      isBehind = crash.steps() <= n;
    }
  }
});
