import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Notification, readNotification } from '../../src/config/notification.ts';

const FILE = 'paloalto/acme/finance/2025/01/31/mb-1/part-0.json.gz';
const FOLDER = 's3://raw/paloalto/acme/finance/2025/01/31/mb-1';
const AT = Date.UTC(2025, 0, 31, 10, 40, 5);

const s3Record = (key: string, more: Record<string, unknown> = {}) => ({
  eventVersion: '2.1',
  eventSource: 'aws:s3',
  eventTime: '2025-01-31T10:40:05.000Z',
  eventName: 'ObjectCreated:Put',
  s3: { bucket: { name: 'raw', arn: 'arn:aws:s3:::raw' }, object: { key, size: 17, sequencer: '0' } },
  ...more,
});
const read = (value: unknown, defaultBucket?: string): Notification =>
  readNotification(JSON.stringify(value), defaultBucket);
const foldersOf = (answer: Notification): string[] =>
  answer.is === 'folders' ? answer.folders.map(({ folder }) => folder) : [`${answer.is}`];
const whyOf = (answer: Notification): string => ('why' in answer ? answer.why : answer.is);
const inSns = (message: unknown): unknown => ({
  Type: 'Notification',
  MessageId: '1',
  TopicArn: 'arn:aws:sns:eu-west-1:1:arrivals',
  Message: typeof message === 'string' ? message : JSON.stringify(message),
  Timestamp: '2025-01-31T10:41:00.000Z',
});

describe('an S3 event', () => {
  it('names the folder of its file, and when it came', () => {
    expect(read({ Records: [s3Record(FILE)] })).toEqual({
      is: 'folders',
      folders: [{ folder: FOLDER, eventTime: AT }],
      faults: [],
    });
  });

  it('has keys encoded as forms are', () => {
    const key = 'a/b+c/2025/01/31/caf%C3%A9%2B1+%3D/x.gz';
    expect(foldersOf(read({ Records: [s3Record(key)] }))).toEqual(['s3://raw/a/b c/2025/01/31/café+1 =']);
  });

  it('may hold several folders; of the records of one the first gives the time', () => {
    const later = { eventTime: '2025-01-31T10:45:00Z' };
    const answer = read({
      Records: [
        s3Record('d/mb-2/a.gz', later),
        s3Record('d/mb-1/a.gz'),
        s3Record('d/mb-2/b.gz'),
        s3Record('d/mb-1/b.gz', later),
      ],
    });
    expect(answer).toMatchObject({
      folders: [
        { folder: 's3://raw/d/mb-2', eventTime: Date.UTC(2025, 0, 31, 10, 45) },
        { folder: 's3://raw/d/mb-1', eventTime: AT },
      ],
    });
  });

  it.each(['_SUCCESS', '.part-0.gz', 'readme.txt', ''])('names its folder whatever the file: %j', (name) => {
    expect(foldersOf(read({ Records: [s3Record(`d/2025/01/31/mb-1/${name}`)] }))).toEqual([
      's3://raw/d/2025/01/31/mb-1',
    ]);
  });

  it.each(['ObjectCreated:CompleteMultipartUpload', 'ObjectCreated:Copy', 's3:ObjectCreated:Put'])(
    '%s counts',
    (eventName) => {
      expect(foldersOf(read({ Records: [s3Record(FILE, { eventName })] }))).toEqual([FOLDER]);
    },
  );

  it.each(['ObjectRemoved:Delete', 'LifecycleExpiration:Delete', 'ObjectRestore:Completed', 'ObjectTagging:Put'])(
    '%s is ignored',
    (eventName) => {
      const answer = read({ Records: [s3Record(FILE, { eventName })] });
      expect(answer.is).toBe('ignored');
      expect(whyOf(answer)).toBe(`notification: Records[0] is of "${eventName}", and no object came`);
      expect(foldersOf(read({ Records: [s3Record(FILE, { eventName }), s3Record('d/mb-2/a.gz')] }))).toEqual([
        's3://raw/d/mb-2',
      ]);
    },
  );

  it('says nothing where it has no record', () => {
    expect(read({ Records: [] })).toEqual({ is: 'ignored', why: 'notification: Records is an empty list' });
  });

  it('tells what cannot be read beside the folders that can', () => {
    const answer = read({ Records: [s3Record('no-folder.gz'), s3Record(FILE)] });
    expect(foldersOf(answer)).toEqual([FOLDER]);
    expect(answer).toMatchObject({
      faults: [
        `notification: Records[0].s3.object.key is "no-folder.gz"; expected the key of a file in a mini-batch's folder`,
      ],
    });
  });

  it.each<[string, unknown, string]>([
    ['no list', { Records: 'x' }, 'Records is "x"; expected a list of S3 records'],
    ['no record', { Records: [null] }, 'Records[0] is null; expected an S3 record'],
    [
      'no event name',
      { Records: [{ s3: {} }] },
      'Records[0].eventName is missing; expected one such as "ObjectCreated:Put"',
    ],
    [
      'an encoding that is none',
      { Records: [s3Record('a/%E0%A4%A/b')] },
      'is "a/%E0%A4%A/b", which is not URL-encoded',
    ],
    [
      'no key',
      { Records: [s3Record(FILE, { s3: { bucket: { name: 'raw' } } })] },
      'Records[0].s3.object.key is missing',
    ],
    [
      'no bucket',
      { Records: [s3Record(FILE, { s3: { object: { key: FILE } } })] },
      'Records[0].s3.bucket.name is missing',
    ],
    [
      'a time that is none',
      { Records: [s3Record(FILE, { eventTime: 'noon' })] },
      'Records[0].eventTime is "noon", which is no time',
    ],
    ['a control character', { Records: [s3Record('a%00b/c.gz')] }, 'expected the key of a file'],
  ])('%s is poison', (_name, message, why) => {
    const answer = read(message);
    expect(answer.is).toBe('poison');
    expect(whyOf(answer)).toContain(why);
  });

  it('tells the first of many faults, and how many there are', () => {
    const why = whyOf(read({ Records: Array.from({ length: 500 }, (_, n) => s3Record(`${n}.gz`)) }));
    expect(why).toContain('Records[4]');
    expect(why).not.toContain('Records[5]');
    expect(why).toMatch(/; and 495 more$/);
  });

  it('may be one that only tries out', () => {
    const test = { Service: 'Amazon S3', Event: 's3:TestEvent', Time: '2025-01-31T10:40:05.000Z', Bucket: 'raw' };
    expect(read(test)).toEqual({ is: 'test' });
    expect(read(inSns(test))).toEqual({ is: 'test' });
  });
});

describe('SNS', () => {
  it('carries the other forms', () => {
    const folders = [{ folder: FOLDER, eventTime: AT }];
    expect(read(inSns({ Records: [s3Record(FILE)] }))).toEqual({ is: 'folders', folders, faults: [] });
    expect(read(inSns({ s3_key: `s3://raw/${FILE}`, timestamp: '2025-01-31T10:40:05Z' }))).toMatchObject({ folders });
  });

  it('gives no time of its own', () => {
    expect(read(inSns({ s3_key: `s3://raw/${FILE}` }))).toMatchObject({ folders: [{ eventTime: null }] });
  });

  it.each<[string, unknown, string]>([
    ['text', inSns('hello'), 'Message, of SNS, is no JSON; expected an S3 event'],
    [
      'another SNS message',
      inSns(inSns({ Records: [] })),
      'notification inside SNS: has the fields "Type", "MessageId"',
    ],
    ['no message', { Type: 'Notification', TopicArn: 'x' }, 'Message, of SNS, is missing'],
    [
      'a question',
      { Type: 'SubscriptionConfirmation', TopicArn: 'arn:x', SubscribeURL: 'https://confirm?Token=secret' },
      'SNS asks to confirm the subscription of topic "arn:x"; confirm it with the SubscribeURL',
    ],
    [
      'another type',
      { Type: 'Farewell', TopicArn: 'arn:x' },
      'Type is "Farewell", of topic "arn:x"; expected "Notification"',
    ],
  ])('%s is poison', (_name, message, why) => {
    const answer = read(message);
    expect(answer.is).toBe('poison');
    expect(whyOf(answer)).toContain(why);
    expect(whyOf(answer)).not.toContain('secret');
  });
});

describe('EventBridge', () => {
  const bridged = (more: Record<string, unknown> = {}) => ({
    version: '0',
    'detail-type': 'Object Created',
    source: 'aws.s3',
    time: '2025-01-31T10:40:05Z',
    detail: { bucket: { name: 'raw' }, object: { key: FILE, size: 17 }, reason: 'PutObject' },
    ...more,
  });

  it('has plain keys', () => {
    expect(read(bridged())).toEqual({ is: 'folders', folders: [{ folder: FOLDER, eventTime: AT }], faults: [] });
    const detail = { bucket: { name: 'raw' }, object: { key: 'a/50%+b/x.gz' } };
    expect(foldersOf(read(bridged({ detail })))).toEqual(['s3://raw/a/50%+b']);
  });

  it('tells of other things too', () => {
    expect(read(bridged({ 'detail-type': 'Object Deleted' })).is).toBe('ignored');
    expect(whyOf(read(bridged({ source: 'aws.ec2' })))).toContain('source is "aws.ec2", detail-type "Object Created"');
    expect(whyOf(read(bridged({ detail: 'x' })))).toContain('detail.bucket.name is missing');
  });
});

describe("the project's own form", () => {
  const all = {
    project_name: 'office',
    mini_batch_id: 'mb-1',
    timestamp: '2025-01-31T10:40:05Z',
    feature_spec_version: 'v2',
  };
  const told = { projectName: 'office', miniBatchId: 'mb-1', featureSpecVersion: 'v2', eventTime: AT, folder: FOLDER };

  it.each([
    ['an address of a file', { s3_key: `s3://raw/${FILE}` }],
    ['an address of a folder', { s3_key: 's3://raw/paloalto/acme/finance/2025/01/31/mb-1/' }],
    ['a key, and its bucket', { s3_key: FILE, bucket: 'raw' }],
    ['a key, in the bucket that is usual', { s3_key: FILE }],
    ['a prefix with a slash', { raw_parsed_logs_s3_prefix: `${FOLDER}/` }],
    ['a prefix without', { raw_parsed_logs_s3_prefix: FOLDER }],
    ['both, of one folder', { raw_parsed_logs_s3_prefix: FOLDER, s3_key: `s3://raw/${FILE}` }],
  ])('%s', (_name, place) => {
    expect(read({ ...all, ...place }, 'raw')).toEqual({ is: 'folders', folders: [told], faults: [] });
  });

  it('needs no more than a place; null and blank are as good as absent', () => {
    const nothing = { project_name: null, mini_batch_id: '', timestamp: '  ', feature_spec_version: null };
    const answer = { is: 'folders', folders: [{ folder: FOLDER, eventTime: null }], faults: [] };
    expect(read({ s3_key: `s3://raw/${FILE}`, ...nothing })).toEqual(answer);
    expect(read({ s3_key: `s3://raw/${FILE}`, producer: 'etl-7' })).toEqual(answer);
  });

  it.each([1_738_320_005, 1_738_320_005_000, '1738320005', '2025-01-31T11:40:05+01:00', '2025/01/31 10:40:05'])(
    'reads the time %j',
    (timestamp) => {
      expect(read({ s3_key: `s3://raw/${FILE}`, timestamp })).toMatchObject({ folders: [{ eventTime: AT }] });
    },
  );

  it.each<[string, unknown, string]>([
    [
      'a key without a bucket',
      { s3_key: FILE },
      'which names no bucket; expected an s3:// address, or the field bucket',
    ],
    ['another address', { s3_key: 'https://x/y/z' }, 's3_key is "https://x/y/z"; expected an address such as "s3://'],
    ['no folder', { s3_key: 's3://raw/x.gz' }, 's3_key is "s3://raw/x.gz", which names no mini-batch\'s folder'],
    ['a bucket alone', { raw_parsed_logs_s3_prefix: 's3://raw/' }, "which names no mini-batch's folder"],
    ['two folders', { raw_parsed_logs_s3_prefix: 's3://raw/a/b', s3_key: 's3://raw/a/c/d' }, 'expected one'],
    ['a number for a key', { s3_key: 17 }, 's3_key is 17'],
    ['a project', { s3_key: `s3://raw/${FILE}`, project_name: 'No Name' }, 'project_name is "No Name"; expected'],
    [
      'a version',
      { s3_key: `s3://raw/${FILE}`, feature_spec_version: '../x' },
      'feature_spec_version is "../x"; expected',
    ],
    ['an id', { s3_key: `s3://raw/${FILE}`, mini_batch_id: 'a/b' }, 'mini_batch_id is "a/b"; expected'],
    ['a time', { s3_key: `s3://raw/${FILE}`, timestamp: {} }, 'timestamp is an object, which is no time'],
    ['a time beyond time', { s3_key: `s3://raw/${FILE}`, timestamp: 1e300 }, 'timestamp is 1e+300, which is no time'],
  ])('%s is poison', (_name, message, why) => {
    const answer = read(message);
    expect(answer.is).toBe('poison');
    expect(whyOf(answer)).toContain(why);
  });

  it('tells every fault at once', () => {
    const why = whyOf(read({ s3_key: 'x', project_name: 'A', timestamp: 'noon' }));
    for (const field of ['s3_key', 'project_name', 'timestamp']) expect(why).toContain(`notification: ${field} is`);
  });
});

describe('anything else', () => {
  it.each([
    ['', 'is no JSON; expected an S3 event (Records)'],
    ['[]', 'is JSON, but a list of 0'],
    ['null', 'is JSON, but null'],
    ['"a line of a log"', 'is JSON, but a text of 15 characters'],
    ['{}', 'has no field; expected'],
    ['{"a":1,"b":2}', 'has the fields "a", "b"; expected'],
  ])('%s is poison that says what is expected', (body, why) => {
    const answer = readNotification(body);
    expect(answer.is).toBe('poison');
    expect(whyOf(answer)).toContain(why);
  });

  it('never tells the text of a message that is no notification', () => {
    expect(whyOf(readNotification('10.1.2.3,8.8.8.8,53'))).not.toContain('10.1.2.3');
    expect(whyOf(readNotification('{"source_ip":"10.1.2.3"}'))).not.toContain('10.1.2.3');
  });

  it('may be as deep as it likes', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    for (const body of [deep, `{"Records":${deep}}`, `{"s3_key":${deep}}`, `{"Type":${deep},"TopicArn":${deep}}`])
      expect(readNotification(body).is).toBe('poison');
  });
});

describe('whatever the body', () => {
  const NAMES = [
    'Records',
    'Type',
    'TopicArn',
    'Message',
    'Event',
    'detail',
    'detail-type',
    'source',
    'time',
    's3',
    'bucket',
    'object',
    'key',
    'name',
  ];
  const OWN = [
    'eventName',
    'eventTime',
    's3_key',
    'raw_parsed_logs_s3_prefix',
    'timestamp',
    'project_name',
    '__proto__',
  ];
  const TEXTS = [
    'Notification',
    'Object Created',
    'aws.s3',
    'ObjectCreated:Put',
    's3:TestEvent',
    's3://b/c/d',
    'a/b/c',
    '%',
    '{}',
    'raw',
  ];
  const { any } = fc.letrec<{ any: unknown }>((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(...TEXTS),
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...NAMES, ...OWN), tie('any'), { maxKeys: 6 }),
      tie('any').map((value) => JSON.stringify(value)),
    ),
  }));
  const bodies = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    any.map((value) => JSON.stringify(value) ?? ''),
  );

  it('it is answered, in a sentence of bounded length', () => {
    fc.assert(
      fc.property(bodies, (body) => {
        const answer = readNotification(body, 'usual');
        expect(['folders', 'test', 'ignored', 'poison']).toContain(answer.is);
        if ('why' in answer) {
          expect(answer.why).not.toBe('');
          expect(answer.why.length).toBeLessThan(6_000);
        }
        if (answer.is === 'folders') {
          for (const { folder, eventTime } of answer.folders) {
            expect(folder).toMatch(/^s3:\/\/[^/]+\/.*[^/]$/s);
            expect(eventTime === null || Number.isSafeInteger(eventTime)).toBe(true);
          }
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('a key comes back from an S3 event as it was, and from EventBridge', () => {
    const part = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .filter((text) => !/[/\p{Cc}]/u.test(text));
    fc.assert(
      fc.property(fc.array(part, { minLength: 2, maxLength: 6 }), (parts) => {
        const key = parts.join('/');
        const folder = `s3://raw/${parts.slice(0, -1).join('/')}`;
        const encoded = encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+');
        expect(foldersOf(read({ Records: [s3Record(encoded)] }))).toEqual([folder]);
        const detail = { bucket: { name: 'raw' }, object: { key } };
        expect(foldersOf(read({ 'detail-type': 'Object Created', source: 'aws.s3', detail }))).toEqual([folder]);
      }),
    );
  });
});
