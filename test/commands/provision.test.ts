/** `ndr provision` against servers on the loopback. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDynamoDbTables } from '../../src/state/aws/dynamodb-tables.ts';
import { openDynamoDbSpecs } from '../../src/state/specs/dynamodb.ts';
import { type DynamoDbServer, startDynamoDb } from '../support/dynamodb-server.ts';
import { type LifecycleServer, startLifecycleServer } from '../support/lifecycle-server.ts';
import { startRecoveringDynamoDb } from '../support/recovering-dynamodb.ts';
import { type CallEnd, call } from './call.ts';

const NAMES = { parameters: 'ml_projects_parameters', routing: 'ml_projects_routing' };
const ROUTE = { org_key: 'acme#hq', project_name: 'office', ingestion_prefix: 's3://raw/paloalto/acme/hq' };
const SPEC = { project_name: 'office', job_name: 'delta_builder#v1', spec: { dq: {}, roles: [] } };

let home: string;
let server: DynamoDbServer;
let s3: LifecycleServer;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'provision-'));
  // Tables take a moment to come into being, as they do.
  server = await startDynamoDb(50);
  s3 = await startLifecycleServer();
});
afterEach(async () => {
  await server.close();
  await s3.close();
  rmSync(home, { recursive: true });
});

function writeSeeds(folder = join(home, 'specs'), spec: unknown = SPEC, routes: unknown = [ROUTE]): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'delta.json'), JSON.stringify(spec));
  writeFileSync(join(folder, 'routing.json'), JSON.stringify(routes));
  return folder;
}

const provision = (args: readonly string[] = [], endpoint = server.endpoint): Promise<CallEnd> =>
  call(['provision', '--home', home, ...args], {
    NDR_TABLES_STORE: 'dynamodb',
    NDR_DYNAMODB_ENDPOINT: endpoint,
    NDR_S3_ENDPOINT: s3.endpoint,
    NDR_S3_FORCE_PATH_STYLE: 'true',
    NDR_LAKE_LOCATION: 's3://lake/ndr',
  });

async function stored() {
  const specs = openDynamoDbSpecs(server.connect(), NAMES, async () => undefined);
  return { items: await specs.items(), routes: await specs.routes() };
}

const NOT_KNOWN = ['ml_projects_parameters', 'ml_projects_routing', 'batch_index'].map(
  (name) => `warning: point-in-time recovery of table ${name}: is nothing that this server knows\n`,
);

describe('provision', () => {
  it('makes tables, seeds and rules; a second time it changes nothing, and says so', async () => {
    writeSeeds();
    const { code, stdout, stderr } = await provision();
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: [
        'table ml_projects_parameters: made',
        'table ml_projects_routing: made',
        'table batch_index: made',
        'spec office/delta_builder#v1: made',
        'route acme#hq: made',
        'rule of s3://lake/ndr that clears uploads unfinished for 2 days: made',
        '6 made, 0 stand, 3 unknown to the server',
      ],
      stderr: NOT_KNOWN.join(''),
    });
    expect(await stored()).toEqual({ items: [SPEC], routes: [ROUTE] });
    const tables = openDynamoDbTables(server.connect());
    expect(await tables.find('batch_index')).toEqual({
      name: 'batch_index',
      partitionKey: 'project_name',
      sortKey: 'sk',
    });
    expect(await tables.find(NAMES.parameters)).toMatchObject({ partitionKey: 'project_name', sortKey: 'job_name' });
    expect(await tables.find(NAMES.routing)).toMatchObject({ partitionKey: 'org_key', sortKey: null });

    const again = await provision();
    expect([again.code, again.stdout.at(-1)]).toEqual([0, 'nothing to do, 6 stand, 3 unknown to the server']);
    expect(s3.writes()).toBe(1);
    expect(await stored()).toEqual({ items: [SPEC], routes: [ROUTE] });
  });

  it('makes nothing in a dry run, and says what it would make', async () => {
    writeSeeds();
    const { code, stdout } = await provision(['--dry-run']);
    expect([code, stdout.at(-1)]).toEqual([0, 'nothing was changed: 9 would be made, 0 stand']);
    expect(stdout[0]).toBe('table ml_projects_parameters: would be made');
    expect(await openDynamoDbTables(server.connect()).find('batch_index')).toBeUndefined();
    expect(s3.rules.size).toBe(0);
    await provision();
    writeSeeds(undefined, { ...SPEC, job_name: 'fg_a_builder#v1' });
    const later = await provision(['--dry-run', '--json']);
    expect(later.stdout.map((line) => JSON.parse(line) as unknown)).toEqual(
      expect.arrayContaining([
        { what: 'spec', name: 'office/fg_a_builder#v1', outcome: 'missing', note: null },
        { what: 'route', name: 'acme#hq', outcome: 'stands', note: null },
        { summary: { stands: 5, made: 0, missing: 1, differs: 0, unknown: 3, dry_run: true } },
      ]),
    );
    expect((await stored()).items).toEqual([SPEC]);
  });

  it('leaves what differs as it is, and says where', async () => {
    writeSeeds();
    await provision();
    const seeds = writeSeeds(
      join(home, 'others'),
      { ...SPEC, spec: { dq: { emit_metrics: true }, roles: [] }, owner: 'us' },
      [{ ...ROUTE, enabled: false }],
    );
    for (const flags of [['--dry-run'], []]) {
      const { code, stderr, stdout } = await provision(['--seeds', seeds, ...flags]);
      expect([code, stdout.at(-1)]).toEqual([0, 'nothing to do, 4 stand, 2 differ, 3 unknown to the server']);
      expect(stderr).toContain(
        'warning: spec office/delta_builder#v1: is there, differs, and stays as it is: owner, spec.dq.emit_metrics\n',
      );
      expect(stderr).toContain('warning: route acme#hq: is there, differs, and stays as it is: enabled\n');
    }
    expect(await stored()).toEqual({ items: [SPEC], routes: [ROUTE] });
  });

  it('switches recovery on where the server knows it, once', async () => {
    const recovering = await startRecoveringDynamoDb(server.port, 1);
    const first = await provision([], recovering.endpoint);
    expect([first.code, first.stderr]).toEqual([0, '']);
    expect(first.stdout).toContain('point-in-time recovery of table batch_index: made');
    const updates = recovering.operations.filter((operation) => operation === 'UpdateContinuousBackups').length;
    const again = await provision([], recovering.endpoint);
    expect(again.stdout.at(-1)).toBe('nothing to do, 7 stand');
    const changing = /^(?:Create|Update|Put|Delete)/;
    const before = recovering.operations.filter((operation) => changing.test(operation)).length;
    expect(updates).toBe(4);
    expect(before).toBe(3 + 4);
    await recovering.close();
  });

  it('touches no table whose keys are others, nor anything else', async () => {
    const tables = openDynamoDbTables(server.connect());
    await tables.create({ name: 'batch_index', partitionKey: 'PK', sortKey: 'SK' });
    await tables.create({ name: NAMES.routing, partitionKey: 'org_key', sortKey: 'since' });
    const { code, stderr } = await provision();
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        'error: table ml_projects_routing has the keys org_key, since, expected the key org_key\n' +
        'table batch_index has the keys PK, SK, expected the keys project_name, sk\n' +
        'keys cannot be changed: name other tables with tables.*, or remove these\n',
    });
    expect(await tables.find(NAMES.parameters)).toBeUndefined();
    expect((await provision(['--tables.batch_index', 'ndr_index', '--tables.routing', 'ndr_routing'])).code).toBe(0);
  });

  it('makes nothing where a seed has a fault, and names every one', async () => {
    writeSeeds(undefined, SPEC, [
      { ...ROUTE, enabled: 'maybe' },
      { ...ROUTE, org_key: 'acme#lab', project_name: 'A B' },
    ]);
    const { code, stderr } = await provision();
    expect(code).toBe(2);
    expect(stderr).toContain('routing acme#hq: enabled:');
    expect(stderr).toContain('routing acme#lab: project_name:');
    expect(await openDynamoDbTables(server.connect()).find('batch_index')).toBeUndefined();
  });

  it('warns of documents that nobody would find, and of tables that nobody reads', async () => {
    writeSeeds(undefined, { ...SPEC, spec: 'documents/delta.json' });
    const { code, stderr } = await provision(['--tables.store', 'directory', '--dry-run']);
    expect(code).toBe(0);
    expect(stderr).toContain('warning: project office: documents/delta.json is named by a spec, but');
    expect(stderr).toContain('note: tables.store is directory');
    const missing = await provision(['--seeds', join(home, 'nowhere')]);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('nowhere is no folder')]);
  });

  it('goes through from several places at once', async () => {
    writeSeeds();
    const ends = await Promise.all([provision(), provision(), provision()]);
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0]);
    const specs = ends.flatMap(({ stdout }) => stdout).filter((line) => line.startsWith('spec '));
    expect(specs.sort()).toEqual([
      'spec office/delta_builder#v1: made',
      'spec office/delta_builder#v1: stands',
      'spec office/delta_builder#v1: stands',
    ]);
    expect(await stored()).toEqual({ items: [SPEC], routes: [ROUTE] });
  });
});
