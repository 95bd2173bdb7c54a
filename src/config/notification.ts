import { instantOfNumber, instantOfText, UTC } from '../operators/time.ts';
import { show } from './shown-value.ts';
import { PROJECT_NAME, VERSION_NAME } from './spec-names.ts';

/** A mini-batch's folder, as a notification names it, and what else it says of it. */
export interface NotifiedFolder {
  /** `s3://bucket/...`, without a slash at its end. */
  readonly folder: string;
  /** When it happened, ms UTC; null: the notification does not say. */
  readonly eventTime: number | null;
  readonly projectName?: string;
  readonly miniBatchId?: string;
  readonly featureSpecVersion?: string;
}

export type Notification =
  /** `faults`: what of the message could not be read. When its folders are settled it belongs with the dead letters. */
  | { readonly is: 'folders'; readonly folders: readonly NotifiedFolder[]; readonly faults: readonly string[] }
  /** S3 tries out whether it may send. */
  | { readonly is: 'test' }
  /** It says nothing of files that came. */
  | { readonly is: 'ignored'; readonly why: string }
  | { readonly is: 'poison'; readonly why: string };

type Told =
  | { readonly is: 'folder'; readonly folder: NotifiedFolder }
  | Extract<Notification, { is: 'ignored' | 'poison' }>;
type Fields = { readonly [name: string]: unknown };

const FORMS =
  'expected an S3 event (Records), one inside SNS (Type, Message) or of EventBridge (detail-type, detail), ' +
  'or {"s3_key" or "raw_parsed_logs_s3_prefix", "timestamp"?, "project_name"?, "mini_batch_id"?, "feature_spec_version"?}';

/**
 * Reads a notification in any of its forms. Never throws: what cannot be understood is poison, and says why.
 * @param defaultBucket where keys of the project's own form lie that name no bucket.
 */
export function readNotification(body: string, defaultBucket?: string): Notification {
  const message = parse(body);
  if (!isFields(message)) return poison(`notification: is ${kindOf(message)}; ${FORMS}`);
  if (!isSns(message)) return readMessage(message, 'notification', defaultBucket);
  const type = message['Type'];
  if (type !== 'Notification') {
    const topic = `topic ${told(message['TopicArn'])}`;
    return poison(
      type === 'SubscriptionConfirmation'
        ? `notification: SNS asks to confirm the subscription of ${topic}; confirm it with the SubscribeURL of this message`
        : `notification: Type is ${told(type)}, of ${topic}; expected "Notification"`,
    );
  }
  const text = message['Message'];
  if (typeof text !== 'string') return poison(`notification: Message, of SNS, is ${told(text)}; ${FORMS}`);
  const inner = parse(text);
  if (!isFields(inner)) return poison(`notification: Message, of SNS, is ${kindOf(inner)}; ${FORMS}`);
  return readMessage(inner, 'notification inside SNS', defaultBucket);
}

function readMessage(message: Fields, where: string, defaultBucket: string | undefined): Notification {
  if (message['Event'] === 's3:TestEvent') return { is: 'test' };
  if (message['Records'] !== undefined) return readS3Event(message['Records'], where);
  if (message['detail-type'] !== undefined) return settle([readBridged(message, where)]);
  if (given(message, 's3_key') || given(message, 'raw_parsed_logs_s3_prefix'))
    return settle([readOwn(message, where, defaultBucket)]);
  return poison(`${where}: has ${namesOf(message)}; ${FORMS}`);
}

/** The first that a message says of a folder holds. */
function settle(records: readonly Told[]): Notification {
  const folders = new Map<string, NotifiedFolder>();
  for (const record of records) {
    if (record.is === 'folder' && !folders.has(record.folder.folder)) folders.set(record.folder.folder, record.folder);
  }
  const faults = records.filter((record) => record.is === 'poison').map(({ why }) => why);
  if (folders.size > 0) return { is: 'folders', folders: [...folders.values()], faults };
  if (faults.length > 0) return poison(firstOf(faults));
  return { is: 'ignored', why: firstOf(records.filter((record) => record.is === 'ignored').map(({ why }) => why)) };
}

const TOLD = 5;
const firstOf = (texts: readonly string[]): string =>
  texts.length <= TOLD ? texts.join('; ') : `${texts.slice(0, TOLD).join('; ')}; and ${texts.length - TOLD} more`;

function readS3Event(records: unknown, where: string): Notification {
  if (!Array.isArray(records)) return poison(`${where}: Records is ${told(records)}; expected a list of S3 records`);
  if (records.length === 0) return { is: 'ignored', why: `${where}: Records is an empty list` };
  return settle(records.map((record, i) => readS3Record(record, `${where}: Records[${i}]`)));
}

function readS3Record(record: unknown, where: string): Told {
  if (!isFields(record)) return poison(`${where} is ${told(record)}; expected an S3 record (eventName, eventTime, s3)`);
  const name = record['eventName'];
  if (typeof name !== 'string')
    return poison(`${where}.eventName is ${told(name)}; expected one such as "ObjectCreated:Put"`);
  // Some servers other than AWS write s3:ObjectCreated:Put.
  if (!/^(s3:)?ObjectCreated:/.test(name)) return ignored(`${where} is of ${show(name)}, and no object came`);
  const { bucket, object } = isFields(record['s3']) ? record['s3'] : ({} as Fields);
  const key = isFields(object) ? object['key'] : undefined;
  const decoded = typeof key === 'string' ? decode(key) : undefined;
  if (typeof key === 'string' && decoded === undefined)
    return poison(`${where}.s3.object.key is ${show(key)}, which is not URL-encoded; expected as S3 sends it`);
  return folderIn(
    [isFields(bucket) ? bucket['name'] : undefined, `${where}.s3.bucket.name`],
    [decoded ?? key, `${where}.s3.object.key`],
    [record['eventTime'], `${where}.eventTime`],
  );
}

function readBridged(message: Fields, where: string): Told {
  const type = message['detail-type'];
  if (message['source'] !== 'aws.s3') {
    const source = `source is ${told(message['source'])}, detail-type ${told(type)}`;
    return poison(`${where}: ${source}; expected an EventBridge event of source "aws.s3"`);
  }
  if (type !== 'Object Created') return ignored(`${where} is of ${told(type)}, and no object came`);
  const { bucket, object } = isFields(message['detail']) ? message['detail'] : ({} as Fields);
  return folderIn(
    [isFields(bucket) ? bucket['name'] : undefined, `${where}: detail.bucket.name`],
    [isFields(object) ? object['key'] : undefined, `${where}: detail.object.key`],
    [message['time'], `${where}: time`],
  );
}

type Placed = readonly [value: unknown, where: string];

function folderIn([bucket, bucketAt]: Placed, [key, keyAt]: Placed, [time, timeAt]: Placed): Told {
  const faults: string[] = [];
  if (!isBucket(bucket)) faults.push(`${bucketAt} is ${told(bucket)}; expected the name of a bucket`);
  const folder = typeof key === 'string' ? folderOfFile(key) : undefined;
  if (folder === undefined)
    faults.push(`${keyAt} is ${told(key)}; expected the key of a file in a mini-batch's folder`);
  const eventTime = instantOf(time);
  if (Number.isNaN(eventTime)) faults.push(timeFault(time, timeAt));
  if (faults.length > 0) return poison(faults.join('; '));
  return { is: 'folder', folder: { folder: `s3://${bucket}/${folder}`, eventTime } };
}

/** The project's own form: a file of the mini-batch, or its folder. */
function readOwn(message: Fields, where: string, defaultBucket: string | undefined): Told {
  const faults: string[] = [];
  const pattern = (field: string, form: RegExp, expected: string): string | undefined => {
    if (!given(message, field)) return undefined;
    const value = message[field];
    if (typeof value === 'string' && form.test(value)) return value;
    faults.push(`${where}: ${field} is ${told(value)}; expected ${expected}`);
    return undefined;
  };
  const projectName = pattern('project_name', PROJECT_NAME, 'a project name: 1 to 48 of a-z, 0-9 and -');
  const featureSpecVersion = pattern('feature_spec_version', VERSION_NAME, 'a feature spec version such as "v1"');
  const miniBatchId = pattern('mini_batch_id', /^[^/]+$/, "the name of a mini-batch's folder, without a slash");
  const bucket = pattern('bucket', BUCKET, 'the name of a bucket') ?? defaultBucket;
  const folders = (['s3_key', 'raw_parsed_logs_s3_prefix'] as const).flatMap((field) => {
    if (!given(message, field)) return [];
    const folder = ownFolder(message[field], field === 's3_key' ? folderOfFile : folderOfPrefix, bucket);
    if (!('fault' in folder)) return folder.is;
    faults.push(`${where}: ${field} is ${told(message[field])}${folder.fault}`);
    return [];
  });
  if (new Set(folders).size > 1)
    faults.push(
      `${where}: s3_key lies in ${show(folders[0])}, raw_parsed_logs_s3_prefix is ${show(folders[1])}; expected one`,
    );
  const eventTime = given(message, 'timestamp') ? instantOf(message['timestamp']) : null;
  if (Number.isNaN(eventTime)) faults.push(timeFault(message['timestamp'], `${where}: timestamp`));
  if (faults.length > 0) return poison(faults.join('; '));
  return {
    is: 'folder',
    folder: {
      folder: folders[0]!,
      eventTime,
      ...(projectName === undefined ? {} : { projectName }),
      ...(miniBatchId === undefined ? {} : { miniBatchId }),
      ...(featureSpecVersion === undefined ? {} : { featureSpecVersion }),
    },
  };
}

const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/;
const isBucket = (value: unknown): value is string => typeof value === 'string' && BUCKET.test(value);

function ownFolder(
  value: unknown,
  folderOf: (key: string) => string | undefined,
  bucketOfKeys: string | undefined,
): { readonly is: string } | { readonly fault: string } {
  const address = typeof value === 'string' ? /^s3:\/\/([^/]*)\/(.*)$/s.exec(value) : null;
  if (address === null && (typeof value !== 'string' || value.includes('://')))
    return { fault: '; expected an address such as "s3://bucket/.../2025/01/31/mini-batch/file.json.gz"' };
  const [bucket, key] = address === null ? [bucketOfKeys, value as string] : [address[1], address[2]!];
  if (bucket === undefined)
    return { fault: ', which names no bucket; expected an s3:// address, or the field bucket beside it' };
  const folder = isBucket(bucket) ? folderOf(key) : undefined;
  return folder === undefined ? { fault: ", which names no mini-batch's folder" } : { is: `s3://${bucket}/${folder}` };
}

/** The folder that a file lies in; the key of a folder, which ends in a slash, is that folder's. */
const folderOfFile = (key: string): string | undefined => folderOfPrefix(key.slice(0, key.lastIndexOf('/') + 1));

function folderOfPrefix(key: string): string | undefined {
  const folder = key.replace(/\/+$/, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return folder === '' || /[\u0000-\u001f\u007f]/.test(folder) || !folder.isWellFormed() ? undefined : folder;
}

/** Keys in S3 events are encoded as forms are. */
function decode(key: string): string | undefined {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** ms UTC; null where there is none, NaN where it cannot be read. */
function instantOf(time: unknown): number | null {
  if (time === undefined || time === null) return null;
  const instant =
    typeof time === 'string'
      ? instantOfText(time.trim(), UTC)
      : typeof time === 'number'
        ? instantOfNumber(time)
        : Number.NaN;
  return Math.abs(instant) <= 8.64e15 ? instant : Number.NaN;
}

const timeFault = (time: unknown, where: string): string =>
  `${where} is ${told(time)}, which is no time; expected one such as "2025-01-31T10:40:05Z"`;

const NO_JSON = Symbol('no JSON');

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return NO_JSON;
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isSns = (message: Fields): boolean => message['Type'] !== undefined && message['TopicArn'] !== undefined;

/** Null and blank text count as absent. */
function given(message: Fields, field: string): boolean {
  const value = message[field];
  return value !== undefined && value !== null && !(typeof value === 'string' && value.trim() === '');
}

/** A value as a message tells it. Lists and objects may be of any depth, so that only their kind is told. */
function told(value: unknown): string {
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : show(value);
}

/** What a message is that is no JSON object. Its text is not told: it may be a line of a log. */
function kindOf(value: unknown): string {
  if (value === NO_JSON) return 'no JSON';
  return typeof value === 'string' ? `JSON, but a text of ${value.length} characters` : `JSON, but ${told(value)}`;
}

function namesOf(message: Fields): string {
  const names = Object.keys(message);
  if (names.length === 0) return 'no field';
  const listed = names.slice(0, 8).map((name) => show(name));
  return `the fields ${listed.join(', ')}${names.length > 8 ? ` and ${names.length - 8} more` : ''}`;
}

const poison = (why: string) => ({ is: 'poison', why }) as const;
const ignored = (why: string) => ({ is: 'ignored', why }) as const;
