import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDynamoDbTables } from '../../../src/state/aws/dynamodb-tables.ts';
import { openDynamoDbSpecs, PARAMETERS_KEYS, ROUTING_KEYS } from '../../../src/state/specs/dynamodb.ts';
import type { SpecStore } from '../../../src/state/specs.ts';
import { specsSuite } from '../../conformance/specs-suite.ts';
import { type DynamoDbServer, startDynamoDb } from '../../support/dynamodb-server.ts';

const TABLES = { parameters: 'ml_projects_parameters', routing: 'ml_projects_routing' };
const NO_FILES = async (): Promise<undefined> => undefined;

async function startWithTables(): Promise<DynamoDbServer> {
  const server = await startDynamoDb();
  const tables = openDynamoDbTables(server.connect());
  await tables.create({ name: TABLES.parameters, ...PARAMETERS_KEYS });
  await tables.create({ name: TABLES.routing, ...ROUTING_KEYS });
  return server;
}

specsSuite('DynamoDB', async ({ items, routes, documents }) => {
  const server = await startWithTables();
  const locationOf = (name: string): string => `s3://specs/${name}`;
  const files = new Map(Object.entries(documents).map(([name, text]) => [locationOf(name), text]));
  const specs = openDynamoDbSpecs(server.connect(), TABLES, async (location) => {
    const text = files.get(location);
    return text === undefined ? undefined : new TextEncoder().encode(text);
  });
  for (const item of items) expect(await specs.addItem(item)).toBeUndefined();
  for (const route of routes) expect(await specs.addRoute(route)).toBeUndefined();
  return { specs, locationOf, close: () => server.close() };
});

let server: DynamoDbServer;
let specs: SpecStore;
beforeAll(async () => {
  server = await startWithTables();
  specs = openDynamoDbSpecs(server.connect(), TABLES, NO_FILES);
});
afterAll(() => server.close());

it('adds what is not there, and gives back what is', async () => {
  const item = { project_name: 'office', job_name: 'delta_builder#v1', spec: { a: 1 } };
  expect(await specs.addItem(item)).toBeUndefined();
  expect(await specs.addItem({ ...item, spec: { a: 2 } })).toEqual(item);
  expect(await specs.items('office')).toEqual([item]);
  const route = { org_key: 'acme#hq', project_name: 'office', ingestion_prefix: 's3://raw/acme/hq' };
  expect(await specs.addRoute(route)).toBeUndefined();
  expect(await specs.addRoute({ ...route, project_name: 'lab' })).toEqual(route);
  expect(await specs.routes()).toEqual([route]);
});

it('takes what other programs wrote: sets come as lists, numbers as numbers', async () => {
  const { documents } = server.connect();
  const Item = {
    project_name: 'lab',
    job_name: 'non_persistent_prefixes#v1',
    spec: { prefixes: new Set(['VDI-', 'NP-']), ports: new Set([443, 80]), threshold: 1e-12, large: 9.5e20 },
  };
  await documents.put({ TableName: TABLES.parameters, Item });
  const [found] = await specs.items('lab');
  const { prefixes, ports, ...others } = found!['spec'] as Record<string, unknown>;
  expect([...(prefixes as string[])].sort()).toEqual(['NP-', 'VDI-']);
  expect([...(ports as number[])].sort()).toEqual([443, 80]);
  expect(others).toEqual({ threshold: 1e-12, large: 9.5e20 });
});

it('reads no document from anywhere but S3', async () => {
  const reading = openDynamoDbSpecs(server.connect(), TABLES, async () => new TextEncoder().encode('{}'));
  expect(await reading.document('s3://specs/a.json')).toEqual({});
  expect(await reading.document('/etc/hostname')).toBeUndefined();
  expect(await reading.document('file:///etc/hostname')).toBeUndefined();
});

it('says which spec is too large, and where to put it', async () => {
  const item = { project_name: 'office', job_name: 'fg_c_builder#v1', spec: { filler: 'x'.repeat(420_000) } };
  await expect(specs.addItem(item)).rejects.toThrow(
    'DynamoDB: item office/fg_c_builder#v1 for table ml_projects_parameters takes some 411 KB, more than the 400 KB that one may ' +
      'take; put its spec into a JSON document in S3, and that address into the item as its spec',
  );
});

it('says which table is missing', async () => {
  const elsewhere = openDynamoDbSpecs(server.connect(), { parameters: 'nowhere', routing: 'nowhere' }, NO_FILES);
  const missing = 'DynamoDB: table nowhere does not exist; create it with: ndr provision';
  for (const call of [
    () => elsewhere.items(),
    () => elsewhere.items('office'),
    () => elsewhere.routes(),
    () => elsewhere.addRoute({ org_key: 'a#b' }),
  ])
    await expect(call()).rejects.toThrow(missing);
});
