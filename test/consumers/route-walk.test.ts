import { describe, expect, it } from 'vitest';
import { decodeRoute } from '../../src/config/routing.ts';
import { walkRoute } from '../../src/consumers/route-walk.ts';
import { collect } from '../conformance/collect.ts';

/** Folders of a place that holds these files, and which of them were asked for. */
function place(files: readonly string[]): { folders(at: string): Promise<string[]>; asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async folders(at) {
      asked.push(at);
      const below = files.filter((file) => file.startsWith(`${at}/`)).map((file) => file.slice(at.length + 1));
      return [...new Set(below.filter((rest) => rest.includes('/')).map((rest) => rest.slice(0, rest.indexOf('/'))))];
    },
  };
}
const route = (ingestion_prefix: string, further: object = {}) =>
  decodeRoute({ org_key: 'acme#hq', project_name: 'fw', ingestion_prefix, ...further }).value;
const walked = async (files: readonly string[], prefix: string, date: string, further?: object) =>
  (await collect(walkRoute(place(files), route(prefix, further), date))).map(({ folder }) => folder);

describe('the folders of a route under a date', () => {
  const FILES = [
    's3://in/paloalto/acme/hq/2026/03/02/b1/a.json.gz',
    's3://in/paloalto/acme/hq/2026/03/02/b2/a.json.gz',
    's3://in/paloalto/acme/hq/2026/03/03/b3/a.json.gz',
    's3://in/paloalto/acme/hq/fw-7/logs/2026/03/02/b4/a.json.gz',
    's3://in/paloalto/acme/hq/2025/03/02/b5/a.json.gz',
    's3://in/paloalto/other/hq/2026/03/02/b6/a.json.gz',
  ];

  it('are found at any depth behind a prefix, and none of other dates or organisations', async () => {
    expect(await walked(FILES, 's3://in/paloalto/acme/hq', '2026-03-02')).toEqual([
      's3://in/paloalto/acme/hq/2026/03/02/b1',
      's3://in/paloalto/acme/hq/2026/03/02/b2',
      's3://in/paloalto/acme/hq/fw-7/logs/2026/03/02/b4',
    ]);
    expect(await walked(FILES, 's3://in/paloalto/acme/hq', '2024-02-29')).toEqual([]);
  });

  it('are found by a template, whose known fields are not looked for', async () => {
    const files = ['s3://in/pa/acme-hq/dt=2026-03-02/batch=7/x.gz', 's3://in/pa/acme-hq/dt=2026-03-02/other/x.gz'];
    const there = place(files);
    const template = 's3://in/{vendor}/{org1}-{org2}/dt={yyyy}-{mm}-{dd}/batch={mini_batch_id}';
    const found = await collect(walkRoute(there, route(template), '2026-03-02'));
    expect(found.map(({ miniBatchId, folder }) => [miniBatchId, folder])).toEqual([
      ['7', 's3://in/pa/acme-hq/dt=2026-03-02/batch=7'],
    ]);
    expect(there.asked).toEqual(['s3://in', 's3://in/pa/acme-hq/dt=2026-03-02']);
  });

  it('have the ids that the route makes', async () => {
    const further = { mini_batch_id_template: '{org2}-{yyyy}{mm}{dd}-{mini_batch_id}' };
    const found = await collect(walkRoute(place(FILES), route('s3://in/paloalto/acme/hq', further), '2026-03-03'));
    expect(found.map(({ miniBatchId }) => miniBatchId)).toEqual(['hq-20260303-b3']);
  });
});
