import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDynamoDb } from '../../../src/state/aws/dynamodb-client.ts';
import { openDynamoDbTables } from '../../../src/state/aws/dynamodb-tables.ts';
import { openDynamoDbItems } from '../../../src/state/items/dynamodb.ts';
import type { Items } from '../../../src/state/items.ts';
import { Unavailable } from '../../../src/state/unavailable.ts';
import { itemsSuite } from '../../conformance/items-suite.ts';
import { type DynamoDbServer, startDynamoDb } from '../../support/dynamodb-server.ts';
import { openLossyGate } from '../../support/gate.ts';

const T = 'things';

async function startWithThings(): Promise<DynamoDbServer> {
  const server = await startDynamoDb();
  await openDynamoDbTables(server.connect()).create({ name: T, partitionKey: 'project_name', sortKey: 'sk' });
  return server;
}

itemsSuite('DynamoDB', async () => {
  const server = await startWithThings();
  return { items: openDynamoDbItems(server.connect()), close: () => server.close() };
});

let server: DynamoDbServer;
let items: Items;
beforeAll(async () => {
  server = await startWithThings();
  items = openDynamoDbItems(server.connect());
});
afterAll(() => server.close());

/** Does something with a client whose every call is answered by `status` and an error of that name. */
async function againstFaults<T>(
  fault: { readonly status: number; readonly name: string },
  use: (items: Items) => Promise<T>,
): Promise<T> {
  const faulty: Server = createServer((request, response) => {
    request.resume();
    response.writeHead(fault.status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${fault.name}`, message: 'as told' }));
  });
  faulty.listen(0, '127.0.0.1');
  await once(faulty, 'listening');
  const endpoint = `http://127.0.0.1:${(faulty.address() as AddressInfo).port}`;
  const connection = openDynamoDb({ region: null, endpoint });
  try {
    return await use(openDynamoDbItems(connection));
  } finally {
    connection.close();
    faulty.closeAllConnections();
    faulty.close();
  }
}

it('shows an item as a record of its attributes', async () => {
  await items.put(T, 'office', 'v1#batch#a', { state: 'committed', inputs: { f: 'etag' } });
  const { documents } = server.connect();
  const found = await documents.get({ TableName: T, Key: { project_name: 'office', sk: 'v1#batch#a' } });
  expect(found.Item).toEqual({
    project_name: 'office',
    sk: 'v1#batch#a',
    put_token: expect.any(String),
    state: 'committed',
    inputs: { f: 'etag' },
  });
});

it('takes a record that somebody else wrote as it is', async () => {
  const { documents } = server.connect();
  const Item = { project_name: 'office', sk: 'by hand', list: [{ b: 1, a: 2 }], n: 1 };
  await documents.put({ TableName: T, Item });
  expect(await items.get(T, 'office', 'by hand')).toEqual({ list: [{ b: 1, a: 2 }], n: 1 });
  const matches = { list: [{ a: 2, b: 1 }] };
  expect(await items.put(T, 'office', 'by hand', { n: 2, list: [] }, { matches })).toBe('stored');
  expect(await items.put(T, 'office', 'by hand', { n: 3 }, { matches })).toBe('conflict');
});

it('knows its own put again where the answer to it was lost', async () => {
  const gate = await openLossyGate(server.port, 'DynamoDB_20120810.PutItem');
  const connection = openDynamoDb({ region: null, endpoint: gate.endpoint });
  const shaky = openDynamoDbItems(connection);
  gate.lose(1);
  expect(await shaky.put(T, 'lost', 'first', { n: 1 }, { absent: true })).toBe('stored');
  gate.lose(1);
  expect(await shaky.put(T, 'lost', 'first', { n: 2 }, { matches: { n: 1 } })).toBe('stored');
  gate.lose(1);
  // Somebody else wrote the same: that is still somebody else.
  expect(await shaky.put(T, 'lost', 'first', { n: 2 }, { absent: true })).toBe('conflict');
  expect(await items.get(T, 'lost', 'first')).toEqual({ n: 2 });
  connection.close();
  await gate.close();
});

it('settles races of writers on connections of their own, whose answers are lost at times', async () => {
  const gate = await openLossyGate(server.port, 'DynamoDB_20120810.PutItem');
  const connections = [server.connect(), openDynamoDb({ region: null, endpoint: gate.endpoint })];
  const stores = connections.map(openDynamoDbItems);
  await items.put(T, 'race', 'count', { n: 0, by: [] });
  const add = async (store: Items, name: string): Promise<void> => {
    for (;;) {
      const present = (await store.get(T, 'race', 'count'))!;
      const next = { n: (present['n'] as number) + 1, by: [...(present['by'] as string[]), name] };
      if ((await store.put(T, 'race', 'count', next, { matches: present })) === 'stored') return;
    }
  };
  gate.lose(3);
  await Promise.all(
    Array.from({ length: 4 }, async (_, writer) => {
      for (let i = 0; i < 8; i++) await add(stores[writer % 2]!, `${writer}-${i}`);
    }),
  );
  const { n, by } = (await items.get(T, 'race', 'count')) as { n: number; by: string[] };
  expect(n).toBe(32);
  expect(new Set(by).size).toBe(32);
  connections[1]!.close();
  await gate.close();
});

it('says what is too large, by how much, and what to do', async () => {
  const inputs = Object.fromEntries(Array.from({ length: 9_000 }, (_, i) => [`part-${i}.json.gz`, 'e'.repeat(32)]));
  await expect(items.put(T, 'office', 'v1#batch#a', { inputs })).rejects.toThrow(
    /^DynamoDB: item office\/v1#batch#a for table things takes some \d{3} KB, more than the 400 KB.*fewer, larger files$/,
  );
});

it('says which table is missing, and what makes it', async () => {
  for (const call of [
    () => items.get('nowhere', 'p', 'sk'),
    () => items.put('nowhere', 'p', 'sk', {}),
    () => items.keys('nowhere', 'p'),
    () => items.remove('nowhere', 'p', 'sk'),
  ])
    await expect(call()).rejects.toThrow('DynamoDB: table nowhere does not exist; create it with: ndr provision');
});

it.each([
  { status: 400, name: 'ThrottlingException' },
  { status: 400, name: 'ProvisionedThroughputExceededException' },
  { status: 500, name: 'InternalServerError' },
  { status: 503, name: 'ServiceUnavailable' },
])('reports $name as what may pass', async (fault) => {
  const error = await againstFaults(fault, (faulty) => faulty.get(T, 'p', 'sk').catch((cause: unknown) => cause));
  expect(error).toBeInstanceOf(Unavailable);
  expect((error as Error).message).toMatch(
    new RegExp(`^DynamoDB: GetItem on table things: ${fault.name} \\(HTTP ${fault.status}.*\\)$`),
  );
});

it('reports a server that is not there as what may pass', async () => {
  const connection = openDynamoDb({ region: null, endpoint: 'http://127.0.0.1:1' });
  await expect(openDynamoDbItems(connection).put(T, 'p', 'sk', {})).rejects.toBeInstanceOf(Unavailable);
  connection.close();
});

it('says what is not allowed, and what to allow', async () => {
  const denied = { status: 400, name: 'AccessDeniedException' };
  await expect(againstFaults(denied, (faulty) => faulty.put(T, 'p', 'sk', {}))).rejects.toThrow(
    /^DynamoDB: PutItem on table things: AccessDeniedException \(HTTP 400.*\); allow dynamodb:PutItem on table things to the role or user that ndr runs as$/,
  );
  const unknown = { status: 400, name: 'UnrecognizedClientException' };
  await expect(againstFaults(unknown, (faulty) => faulty.get(T, 'p', 'sk'))).rejects.toThrow(
    /give ndr credentials that are valid.*check aws.region/,
  );
});
