/** What run-batch says of a folder whose slice its records do not settle, and what --at leaves behind. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runBatch } from '../../src/commands/run-batch.ts';
import { runCommand, writeSpecs } from '../support/command-run.ts';
import { writeMiniBatch } from '../support/mini-batch-folders.ts';
import { SESSION } from '../support/session-record.ts';

const SLICE_END = Date.UTC(2025, 2, 3, 7, 23);
const RECORD = {
  ...SESSION,
  event_start: '2025-03-03T07:10:00Z',
  event_end: '2025-03-03T07:11:00Z',
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ndr-slice-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const folderWith = (lines: readonly string[]): string =>
  writeMiniBatch(join(root, 'logs'), { id: 'b17', sliceEnd: SLICE_END, lines });
const like = (change: object): string[] => [JSON.stringify({ ...RECORD, ...change })];
const run = (input: string, at?: string) =>
  runCommand(runBatch, { home: join(root, 'home'), flags: { input, ...(at === undefined ? {} : { at }) } });
const whyOf = async (input: string): Promise<string> => {
  const { code, results } = await run(input);
  expect({ code, outcome: results[0]!['outcome'] }).toEqual({ code: 1, outcome: 'poison' });
  return String(results[0]!['why']);
};

describe('a folder whose records settle no slice', () => {
  it.each([
    [
      'its fields are not mapped',
      ['{"src":"10.0.0.1","stop":1}'],
      ['none of 1 TRAFFIC records carries source_ip', 'field_mapping'],
    ],
    [
      'its times have another form',
      like({ event_end: '03/03/2025 07:11:00' }),
      ['no', 'readable event_end', '99/99/9999'],
    ],
    [
      'it is a list over several lines',
      ['[', '  {', '    "source_ip": "10.0.0.1"', '  }', ']'],
      ['5 of 5 lines were rejected', 'one JSON object'],
    ],
    ['its file is empty', [], ['part-0.json.gz: holds no line']],
    [
      'its sessions have no times',
      like({ event_start: null, event_end: null }),
      ['no record of 1 lines has event_end', '--at'],
    ],
    ['all of it is other logs', like({ event_name: 'SYSTEM' }), ['other_event_name 1', '--at']],
    [
      'its times lie elsewhere',
      like({ event_start: 0, event_end: '2024-01-01T00:00:00Z' }),
      ['from 2025-03-02T00:00:00Z to 2025-03-05T00:00:00Z', 'newest is 2024-01-01T00:00:00Z', '--at'],
    ],
  ] as [string, string[], string[]][])('is told why, since %s', async (_, lines, parts) => {
    const why = await whyOf(folderWith(lines));
    expect(why).toMatch(/^mini-batch b17: /);
    for (const part of parts) expect(why).toContain(part);
    expect(why.includes('--at')).toBe(parts.includes('--at'));
  });

  it('is told of the file that cannot be read', async () => {
    const folder = folderWith([]);
    writeFileSync(join(folder, 'part-0.json.gz'), gzipSync(JSON.stringify(RECORD)).subarray(0, 40));
    expect(await whyOf(folder)).toContain('part-0.json.gz: ');
    mkdirSync(join(folder, 'part-1.json.gz'));
    expect(await whyOf(folder)).toContain('part-1.json.gz: ');
  });
});

describe('a time that is given', () => {
  it('is not kept by a run that fails, and is by one that commits', async () => {
    const folder = folderWith(Array.from({ length: 100 }, () => JSON.stringify(RECORD).replace('event_end', 'stop')));
    const failed = await run(folder, '2025-03-03T07:20:00Z');
    expect(failed.results[0]!['why']).toContain('event_end');
    writeSpecs(join(root, 'home'), { delta_builder: { input: { field_mapping: { event_end: 'stop' } } } });
    const mended = await run(folder);
    expect(mended.results[0]).toMatchObject({ outcome: 'committed', slice_end_ts: '2025-03-03T07:23:00Z' });

    const later = await run(folder, '2025-03-03T07:40:00Z');
    expect(later.results[0]).toMatchObject({ slice_end_ts: '2025-03-03T07:38:00Z' });
    expect((await run(folder)).results[0]).toMatchObject({ outcome: 'skipped', slice_end_ts: '2025-03-03T07:38:00Z' });
  });
});
