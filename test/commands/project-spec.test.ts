import { describe, expect, it } from 'vitest';
import { readProjectSpec, shareSpecs } from '../../src/commands/project-spec.ts';
import type { SpecSource, StoredRecord } from '../../src/state/specs.ts';

const PROJECTS = ['a', 'b', 'c'];
const item = (project: string, spec: object | string = {}): StoredRecord => ({
  project_name: project,
  job_name: 'project_parameters#v1',
  spec,
});

/** A table of specs that counts how often it is read; `items` may be replaced. */
function tableOf(items: readonly StoredRecord[]) {
  const table = { items, reads: 0, documents: 0, isAway: false };
  const source: SpecSource = {
    async items() {
      table.reads++;
      if (table.isAway) throw new Error('DynamoDB is away');
      return table.items;
    },
    routes: async () => [],
    async document() {
      table.documents++;
      if (table.isAway) throw new Error('S3 is away');
      return {};
    },
  };
  return { table, source };
}

describe('specs that streams share', () => {
  it('are read once for all who ask, each of whom has its own', async () => {
    const { table, source } = tableOf(PROJECTS.map((project) => item(project, `s3://specs/${project}.json`)));
    const specs = shareSpecs(source, 10, () => 0);
    const read = await Promise.all(PROJECTS.map((project) => specs.specOf(project, null)));
    expect(read.map(({ project }) => project)).toEqual(PROJECTS);
    expect(read).toEqual(await Promise.all(PROJECTS.map((project) => readProjectSpec(source, project, null))));
    // The comparison read all of them for each.
    expect(table).toMatchObject({ reads: 1 + PROJECTS.length, documents: PROJECTS.length * (1 + PROJECTS.length) });
  });

  it('are read again once they have been kept for so long', async () => {
    let now = 0;
    const { table, source } = tableOf([item('a')]);
    const specs = shareSpecs(source, 10, () => now);
    const segmentsAt = async (at: number) => {
      now = at;
      return (await specs.specOf('a', 'v1')).segmentMapping;
    };
    const before = await segmentsAt(0);
    table.items = [item('a', { segment_mapping: { strategy: 'ipv4_prefix', prefix_length: 16 } })];
    expect(await segmentsAt(9)).toEqual(before);
    expect(await segmentsAt(10)).not.toEqual(before);
    expect(table.reads).toBe(2);
  });

  it('are read again at once where they could not be read, be it an item or a document', async () => {
    const { table, source } = tableOf([item('a', 's3://specs/a.json')]);
    const specs = shareSpecs(source, 10, () => 0);
    table.isAway = true;
    await expect(specs.specOf('a', 'v1')).rejects.toThrow('DynamoDB is away');
    table.isAway = false;
    const late = specs.specOf('a', 'v1');
    table.isAway = true;
    await expect(late).rejects.toThrow('S3 is away');
    table.isAway = false;
    expect((await specs.specOf('a', 'v1')).project).toBe('a');
    expect(table.reads).toBe(3);
  });

  it('that are wrong are told to whom they concern, and read no more often', async () => {
    const { table, source } = tableOf([item('a'), item('wrong', { segment_mapping: { strategy: 'by_moon' } })]);
    const specs = shareSpecs(source, 10, () => 0);
    for (let n = 0; n < 3; n++) {
      await expect(specs.specOf('wrong', null)).rejects.toThrow('segment_mapping');
      expect((await specs.specOf('a', null)).project).toBe('a');
    }
    expect(table.reads).toBe(1);
  });
});
