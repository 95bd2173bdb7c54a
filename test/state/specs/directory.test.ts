import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDirectorySpecs, readSpecFiles, type SpecFile } from '../../../src/state/specs/directory.ts';
import { specsSuite } from '../../conformance/specs-suite.ts';

specsSuite('a directory', async ({ items, routes, documents }) => {
  const home = await mkdtemp(join(tmpdir(), 'specs-'));
  for (const [i, item] of items.entries()) await writeFile(join(home, `spec-${i}.json`), JSON.stringify(item));
  if (routes.length > 0) await writeFile(join(home, 'routing.json'), JSON.stringify(routes));
  await mkdir(join(home, 'documents'));
  for (const [name, text] of Object.entries(documents)) await writeFile(join(home, 'documents', name), text);
  return {
    specs: openDirectorySpecs(home, parseYaml),
    locationOf: (name) => `documents/${name}`,
    close: () => rm(home, { recursive: true }),
  };
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'specs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Stands in for a YAML parser: `key: JSON` lines. */
function parseYaml(text: string): unknown {
  if (text.includes('\t')) throw new Error('tabs are not allowed, line 1');
  const lines = text.split('\n').filter((line) => line !== '');
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')), JSON.parse(line.slice(line.indexOf(':') + 1))]),
  );
}

async function read(files: Readonly<Record<string, string>>): Promise<SpecFile[]> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return readSpecFiles(folder, parseYaml);
}

it('takes job, project and version from the file where it names none', async () => {
  const items = await read({ 'delta_builder.json': '{"spec": {"a": 1}}', 'fg_a_builder.yaml': 'spec: {"b": 2}\n' });
  expect(items).toEqual([
    {
      project_name: 'default',
      job_name: 'delta_builder#v1',
      spec: { a: 1 },
      attributes: {},
      file: join(folder, 'delta_builder.json'),
    },
    {
      project_name: 'default',
      job_name: 'fg_a_builder#v1',
      spec: { b: 2 },
      attributes: {},
      file: join(folder, 'fg_a_builder.yaml'),
    },
  ]);
});

it('reads items as the parameters table holds them', async () => {
  const items = await read({
    'a.json': '{"project_name": "office", "job_name": "fg_c_builder#v2", "spec": {}, "owner": "ndr"}',
    'b.yml': 'project_name: "office"\njob_name: "delta_builder"\nparameters: {"x": 1}\nfeature_spec_version: "v2"\n',
  });
  expect(items).toMatchObject([
    { project_name: 'office', job_name: 'delta_builder#v2', spec: { x: 1 } },
    { project_name: 'office', job_name: 'fg_c_builder#v2', spec: {}, attributes: { owner: 'ndr' } },
  ]);
});

it('has none where the folder does not exist, and skips what is no spec', async () => {
  expect(await readSpecFiles(join(folder, 'nowhere'), parseYaml)).toEqual([]);
  expect(await read({ 'README.md': 'x', '.swap.json': '{', '_draft.yaml': '\t' })).toEqual([]);
});

it('names every fault of every file', async () => {
  await mkdir(join(folder, 'folder.json'));
  const failure = await read({
    'a.json': '{',
    'b.yaml': '\tspec',
    'c.json': '[]',
    'd.json': '{"project_name": 7, "job_name": "x#v1", "feature_spec_version": "v2"}',
    'e.json': '{"spec": {}, "parameters": {}}',
    'f.json': '{"job_name": "delta_builder", "spec": {}}',
    'g.json': '{"job_name": "delta_builder#v1", "spec": {}}',
    'h.json': '{"job_name": "a#b#c", "spec": {}}',
  }).catch((error: unknown) => error);
  const { faults } = failure as { faults: string[] };
  expect(faults.map((fault) => fault.replaceAll(`${folder}/`, ''))).toEqual([
    expect.stringMatching(/^a\.json: cannot be parsed: .*; correct it$/),
    'b.yaml: cannot be parsed: tabs are not allowed, line 1; correct it',
    'c.json: holds no object; write {"spec": {...}}',
    'd.json: feature_spec_version: is v2, but job_name is x#v1; leave one out',
    'd.json: spec: is missing; expected an object with the parameters of x',
    'd.json: project_name: is 7; expected text',
    'e.json: has both spec and parameters; they mean the same, keep spec',
    'folder.json: cannot be read: EISDIR; make it readable, or move it out of the folder',
    'h.json: job_name: is "a#b#c"; expected <job> or <job>#<version>',
    'g.json: delta_builder#v1 of project default stands in f.json too; keep one',
  ]);
});

it('reads documents at paths and file addresses', async () => {
  await writeFile(join(folder, 'ports.json'), '{"web": [80]}');
  const specs = openDirectorySpecs('/nowhere', parseYaml);
  expect(await specs.document(join(folder, 'ports.json'))).toEqual({ web: [80] });
  expect(await specs.document(`file://${folder}/ports.json`)).toEqual({ web: [80] });
  expect(await specs.document('ports.json')).toBeUndefined();
});

it.each([
  [
    { 'routing.json': '{}' },
    'routing.json: holds no list; write [{"org_key": "<org1>#<org2>", "project_name": ...}, ...]',
  ],
  [{ 'routing.json': '[' }, /^routing\.json: cannot be parsed: .*; correct it$/],
  [{ 'routing.json': '[]', 'routing.yaml': '' }, 'routing.json: routes stand in routing.yaml too; keep one'],
  [
    { 'routing.json': '[{"org_key": "a#b"}, {"org_key": "a#b"}, {}]' },
    'routing.json: a#b stands twice; keep one\nrouting.json: [2].org_key: is missing; expected <org1>#<org2>',
  ],
])('names every fault of routes %j', async (files, fault) => {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const failure = await openDirectorySpecs(folder, parseYaml)
    .routes()
    .catch((error: unknown) => error);
  const { faults } = failure as { faults: string[] };
  const told = faults.map((one) => one.replaceAll(`${folder}/`, '')).join('\n');
  if (typeof fault === 'string') expect(told).toBe(fault);
  else expect(told).toMatch(fault);
});
