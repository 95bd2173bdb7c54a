import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCapture, writeCaptureFolders } from './captures.ts';

const FLOWS = [
  { n: 1, event_start: '2024-02-29T23:00:00Z', event_end: '2024-02-29T23:53:00.000Z', _label: 'bad' },
  { n: 2, event_start: '2024-02-29T23:00:00Z', event_end: '2024-02-29T23:53:00.001Z', _label: null },
  { n: 3, event_start: '2024-03-01T00:08:00Z' },
  { n: 4, event_start: '2024-03-01T00:00:00Z', event_end: null },
];

describe('captures', () => {
  let folder = '';
  let capture = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'captures-'));
    capture = join(folder, 'flows.ndjson.gz');
    writeFileSync(capture, gzipSync(`${FLOWS.map((flow) => JSON.stringify(flow)).join('\n')}\n`));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('closes a slice at minutes 08, 23, 38 and 53, the end itself included, and strips labels', () => {
    expect(readCapture(capture)).toEqual([
      {
        id: '20240229T2353',
        sliceEnd: Date.UTC(2024, 1, 29, 23, 53),
        batchEnd: Date.UTC(2024, 1, 29, 23, 53),
        lines: ['{"n":1,"event_start":"2024-02-29T23:00:00Z","event_end":"2024-02-29T23:53:00.000Z"}'],
      },
      {
        id: '20240301T0008',
        sliceEnd: Date.UTC(2024, 2, 1, 0, 8),
        batchEnd: Date.UTC(2024, 2, 1, 0, 8),
        lines: [
          '{"n":2,"event_start":"2024-02-29T23:00:00Z","event_end":"2024-02-29T23:53:00.001Z"}',
          '{"n":3,"event_start":"2024-03-01T00:08:00Z"}',
          '{"n":4,"event_start":"2024-03-01T00:00:00Z","event_end":null}',
        ],
      },
    ]);
  });

  it('writes one folder a mini-batch under the date of its slice end, lines dealt to two files', () => {
    const root = join(folder, 'raw');
    const written = writeCaptureFolders(capture, root);
    expect(written).toEqual(readCapture(capture));
    const read = (path: string): string => gunzipSync(readFileSync(join(root, path))).toString('utf8');
    const numbers = (path: string): number[] => [...read(path).matchAll(/"n":(\d)/g)].map((match) => Number(match[1]));
    expect(readdirSync(join(root, '2024/02/29/20240229T2353'))).toEqual(['part-0.json.gz']);
    expect(readdirSync(join(root, '2024/03/01/20240301T0008'))).toEqual(['part-0.json.gz', 'part-1.json.gz']);
    expect(numbers('2024/02/29/20240229T2353/part-0.json.gz')).toEqual([1]);
    expect(numbers('2024/03/01/20240301T0008/part-0.json.gz')).toEqual([2, 4]);
    expect(numbers('2024/03/01/20240301T0008/part-1.json.gz')).toEqual([3]);
  });
});
