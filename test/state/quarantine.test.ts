import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  type QuarantinePlace,
  quarantineBatch,
  quarantineFiles,
  quarantineLines,
  type RejectedLine,
} from '../../src/state/quarantine.ts';
import { contents, newFolder, openStore, removeFolder, type Store } from './mini-batches.ts';

let store: Store;
let place: QuarantinePlace;
beforeEach(async () => {
  store = await openStore(await newFolder());
  place = { lake: store.lake, prefix: 'quarantine', project: 'office', miniBatchId: '2025/mb-1' };
});
afterEach(() => removeFolder(store.root));

const lines: RejectedLine[] = [
  {
    ...{ file: 'a.json.gz', line: 1, reason: 'malformed_json', detail: 'the line is not JSON; correct it' },
    ...{ bytes: 8, is_cut: false, text: '{"broken' },
  },
  {
    ...{ file: 'a.json.gz', line: 7, reason: 'malformed_ip', detail: 'source_ip is not an address; correct it' },
    ...{ bytes: 90_000, is_cut: true, text: '{"source_ip":"10.0.0.300","é":"\u2028"}' },
  },
];

it('keeps rejected lines as gzip JSON lines', async () => {
  const path = await quarantineLines(place, lines);
  expect(path).toMatch(/^quarantine\/office\/2025%2Fmb-1\/rejected-[0-9a-f]{12}\.jsonl\.gz$/);
  const gzip = await store.lake.read(path!);
  expect([...gzip.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  const text = gunzipSync(gzip).toString();
  expect(text.endsWith('\n')).toBe(true);
  expect(
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual(lines);
});

it('keeps the same lines once, and other lines beside them', async () => {
  const first = await quarantineLines(place, lines);
  const bytes = await store.lake.read(first!);
  expect(await quarantineLines(place, lines)).toBe(first);
  expect(await store.lake.read(first!)).toEqual(bytes);
  expect(await quarantineLines(place, lines.slice(1))).not.toBe(first);
  expect(Object.keys(await contents(store.lake))).toHaveLength(2);
});

it('writes nothing where no line was rejected', async () => {
  expect(await quarantineLines(place, [])).toBeUndefined();
  expect(await contents(store.lake)).toEqual({});
});

it('takes lines as they come, more than fit a chunk', async () => {
  const many = Array.from({ length: 5000 }, (_, i) => ({
    file: 'a',
    line: i + 1,
    reason: 'malformed_json',
    detail: 'the line is not JSON',
    bytes: 104,
    is_cut: false,
    text: 'x'.repeat(100) + i,
  }));
  async function* stream(): AsyncGenerator<RejectedLine> {
    yield* many;
  }
  const path = await quarantineLines(place, stream());
  expect(path).toBe(await quarantineLines({ ...place }, many));
  const read = gunzipSync(await store.lake.read(path!))
    .toString()
    .trimEnd()
    .split('\n');
  expect(read.map((line) => (JSON.parse(line) as RejectedLine).line)).toEqual(many.map(({ line }) => line));
});

it('keeps which files were left out, and why', async () => {
  const damaged = [
    { file: 'a.gz', bytes: 17, reason: 'it ends in the middle of its gzip data' },
    { file: 'b.gz', bytes: 0, reason: 'it is a folder' },
  ];
  const path = await quarantineFiles(place, '/raw/2026/03/02/mb-1', damaged);
  expect(path).toMatch(/^quarantine\/office\/2025%2Fmb-1\/damaged-[0-9a-f]{12}\.json$/);
  expect(JSON.parse((await contents(store.lake))[path!]!)).toEqual({
    project_name: 'office',
    mini_batch_id: '2025/mb-1',
    folder: '/raw/2026/03/02/mb-1',
    files: damaged,
  });
  expect(await quarantineFiles(place, '/raw/2026/03/02/mb-1', [])).toBeUndefined();
});

it('fails with the source of its lines, and leaves nothing', async () => {
  async function* broken(): AsyncGenerator<RejectedLine> {
    yield lines[0]!;
    throw new Error('the file ended early');
  }
  await expect(quarantineLines(place, broken())).rejects.toThrow('the file ended early');
  expect(await contents(store.lake)).toEqual({});
});

it('keeps the notification and the error of a failed mini-batch', async () => {
  const error = new Error('no source_port in 100 records', { cause: new TypeError('undefined') });
  const failed = { notification: { s3_key: 'raw/x', timestamp: null }, error };
  const path = await quarantineBatch({ ...place, prefix: '', miniBatchId: '..' }, failed);
  expect(path).toMatch(/^office\/%2E%2E\/failed-[0-9a-f]{12}\.json$/);
  expect(await quarantineBatch({ ...place, prefix: '', miniBatchId: '..' }, failed)).toBe(path);
  expect(JSON.parse((await contents(store.lake))[path]!)).toEqual({
    project_name: 'office',
    mini_batch_id: '..',
    notification: { s3_key: 'raw/x', timestamp: null },
    error: {
      name: 'Error',
      message: 'no source_port in 100 records',
      cause: { name: 'TypeError', message: 'undefined' },
    },
  });
});

it('keeps errors that are none, and those that cause themselves', async () => {
  const own = new Error('round and round');
  own.cause = own;
  for (const error of ['just text', undefined, own]) await quarantineBatch(place, { notification: undefined, error });
  expect(Object.keys(await contents(store.lake))).toHaveLength(3);
});
