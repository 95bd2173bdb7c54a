import { beforeEach, describe, expect, it } from 'vitest';
import { type LiveRoutes, openLiveRoutes } from '../../src/commands/live-routes.ts';
import { openFolderReader } from '../../src/commands/own-folders.ts';
import { SpecError } from '../../src/config/spec-payload.ts';
import { Refused } from '../../src/state/refused.ts';
import type { SpecSource, StoredRecord } from '../../src/state/specs.ts';

const route = (org: string, project: string, further: StoredRecord = {}): StoredRecord => ({
  org_key: `acme#${org}`,
  project_name: project,
  ingestion_prefix: `s3://raw/paloalto/acme/${org}`,
  ...further,
});
const WRONG = { enabled: 'maybe' };
const FAULT = 'routing acme#hq: enabled: is "maybe"; expected true or false';
const folderOf = (org: string) => ({ folder: `s3://raw/paloalto/acme/${org}/2026/03/02/mb-1`, eventTime: null });

let stored: StoredRecord[] | SpecError;
let items: StoredRecord[];
let now: number;
let warned: string[];
let routes: LiveRoutes;
const specs: SpecSource = {
  async routes() {
    if (stored instanceof SpecError) throw stored;
    return stored;
  },
  items: async () => items,
  document: async () => undefined,
};
beforeEach(() => {
  [stored, now, warned] = [[route('hq', 'hq')], 0, []];
  items = ['hq', 'lab', 'default'].map((project) => ({
    project_name: project,
    job_name: 'project_parameters#v1',
    spec: {},
  }));
  routes = openLiveRoutes(
    specs,
    { project: 'default', version: null, fallbackVersion: null },
    (text) => warned.push(text),
    () => now,
  );
});
const edit = (next: typeof stored): void => {
  stored = next;
  now += 60_000;
};
const projectOf = async (org: string): Promise<string> => {
  const routed = await routes.route(folderOf(org));
  return routed.is === 'routed' ? routed.stream.project : routed.is;
};
const held = async (org: string): Promise<unknown> => routes.route(folderOf(org)).catch((error: unknown) => error);

describe('a route that somebody makes wrong', () => {
  it.each([
    { name: 'the only one', others: [] },
    { name: 'one of two', others: [route('lab', 'lab')] },
  ])('goes on as it was, and that is said once ($name)', async ({ others }) => {
    edit([route('hq', 'hq'), ...others]);
    expect(await projectOf('hq')).toBe('hq');
    for (let times = 0; times < 3; times++) {
      edit([route('hq', 'elsewhere', WRONG), ...others]);
      expect(await projectOf('hq')).toBe('hq');
      expect((await routes.all()).map(({ orgKey }) => orgKey)).toContain('acme#hq');
    }
    expect(warned).toEqual([`${FAULT}; until it is corrected, the route stays as it was`]);
  });

  it('is taken as it is once it is right again, and is gone once it is removed', async () => {
    await projectOf('hq');
    edit([route('hq', 'hq', WRONG)]);
    await projectOf('hq');
    edit([route('hq', 'lab')]);
    expect(await projectOf('hq')).toBe('lab');
    edit([route('lab', 'lab')]);
    expect(await routes.route(folderOf('hq'))).toMatchObject({
      is: 'poison',
      why: expect.stringContaining('no route fits'),
    });
    edit([route('hq', 'hq', WRONG), route('lab', 'lab')]);
    expect(await held('hq')).toBeInstanceOf(Refused);
  });

  it('with the whole table that it stands in goes on as it was', async () => {
    await projectOf('hq');
    edit(new SpecError(['specs/routing.yaml: cannot be parsed']));
    expect(await projectOf('hq')).toBe('hq');
    expect(warned).toEqual(['specs/routing.yaml: cannot be parsed; until it is corrected, routes stay as they were']);
  });
});

describe('a route that was never right', () => {
  it.each([
    { name: 'the only one', others: [] },
    { name: 'one of two', others: [route('lab', 'lab')] },
  ])('holds what no other fits, and gives it to nobody else ($name)', async ({ others }) => {
    edit([route('hq', 'hq', WRONG), ...others]);
    const error = await held('hq');
    expect(error).toBeInstanceOf(Refused);
    expect(error).toMatchObject({ isWhole: false, message: expect.stringContaining(FAULT) });
    expect(await held('unheard-of')).toBeInstanceOf(Refused);
    if (others.length > 0) expect(await projectOf('lab')).toBe('lab');
    edit([route('hq', 'hq'), ...others]);
    expect(await projectOf('hq')).toBe('hq');
  });

  it('holds what lies below its prefix although a wider route fits, and nothing else of that', async () => {
    const wide = route('hq', 'lab', { org_key: 'acme#all', ingestion_prefix: 's3://raw/paloalto/acme' });
    edit([route('hq', 'hq', WRONG), wide]);
    expect(await held('hq')).toBeInstanceOf(Refused);
    expect(await projectOf('branch')).toBe('lab');
    edit([route('hq', 'hq'), { ...wide, ...WRONG }]);
    expect(await projectOf('hq')).toBe('hq');
  });
});

it('keys without a bucket lie where all routes lead to', async () => {
  edit([route('hq', 'hq'), route('lab', 'lab', WRONG)]);
  expect(await routes.bucketOfKeys()).toBe('raw');
  edit([route('hq', 'hq'), route('lab', 'lab', { ingestion_prefix: 's3://other/acme/lab' })]);
  expect(await routes.bucketOfKeys()).toBeUndefined();
  edit([route('hq', 'hq', { ingestion_prefix: '/srv/logs' })]);
  expect(await routes.bucketOfKeys()).toBeUndefined();
  edit([]);
  expect(await routes.bucketOfKeys()).toBeUndefined();
});

it('without any route, there is one project', async () => {
  edit([]);
  expect(await projectOf('hq')).toBe('default');
});

it('specs that are made wrong leave a version that was told by them as it was', async () => {
  expect(await projectOf('hq')).toBe('hq');
  items = [{ project_name: 'hq', job_name: 'project_parameters#v1', spec: {}, parameters: {} }];
  now += 60_000;
  expect(await projectOf('hq')).toBe('hq');
});

describe('reading the folders of one project', () => {
  it('is refused by a route of the project that is wrong, which may make other ids of its folders', async () => {
    stored = [route('hq', 'hq', WRONG)];
    await expect(openFolderReader(specs, 'hq', () => {})).rejects.toThrow(FAULT);
  });

  it('leaves out what is wrong of others, and says so', async () => {
    stored = [route('hq', 'hq', WRONG), route('lab', 'lab', { mini_batch_id_template: '{org2}-{mini_batch_id}' })];
    const read = await openFolderReader(specs, 'lab', (text) => warned.push(text));
    expect(read(folderOf('lab').folder)).toMatchObject({ miniBatchId: 'lab-mb-1' });
    expect(warned).toEqual([`${FAULT}; the route is left out`]);
  });
});
