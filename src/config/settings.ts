import type { z } from 'zod';
import { SLICE_TIME_RULES } from './delta-builder.ts';
import { idPattern } from './id-pattern.ts';
import type { Setting, ValuesOf } from './settings-table.ts';
import { projectName, versionName } from './spec-names.ts';
import { decimal, flag, oneOf, text, textLike, value, wholeNumber } from './value-types.ts';

const threads: z.ZodType<number | 'auto'> = value('auto, or a whole number 1..64', (raw) => {
  if (raw === 'auto') return 'auto';
  return wholeNumber(1, 64).safeParse(raw).data;
});

const s3Location = textLike('an S3 location such as s3://bucket/prefix', /^s3:\/\/[^/\s]+(\/\S*)?$/);
const endpoint = textLike('an address such as http://127.0.0.1:9000', /^https?:\/\/[^\s]+$/);
const queueUrl = textLike(
  'the address of a queue such as https://sqs.eu-central-1.amazonaws.com/123456789012/ndr',
  /^https?:\/\/[^\s/]+\/\S+$/,
);
const redisUrl = textLike('an address such as redis://host:6379/0 or rediss://host:6379', /^rediss?:\/\/\S+$/);
const tableName = textLike('the name of a table: 3 to 255 of a-z, A-Z, 0-9, _, - and .', /^[\w.-]{3,255}$/);

const DAY = 86_400;
const days = wholeNumber(1, 3650);

/**
 * Every setting of the program. The path names it in the YAML file, and, in capitals behind NDR_, in the environment.
 * The reference page is rendered from this table.
 */
export const SETTINGS = {
  home: {
    doc: 'Folder of specs, lake, state and inbox. Not in the YAML file, which lies in it.',
    type: text,
    default: './ndr-home',
    notInFile: 'the file lies in the home that it would name; give --home or NDR_HOME',
  },
  project: { doc: 'Project that commands act on.', type: projectName, default: 'default' },
  feature_spec_version: {
    doc: "Version of the specs; unset, the route's, the project's default, or the only one there is.",
    type: versionName,
    default: null,
  },
  shards: {
    doc: 'Parts that the hosts are divided into; memory holds two at most. Results do not depend on it.',
    type: wholeNumber(1, 1024),
    default: 1,
  },
  threads: {
    doc: 'Worker threads; auto is one per core, four at most. Results do not depend on it.',
    type: threads,
    default: 'auto',
  },
  'serve.poll_seconds': {
    doc: 'How often the source is asked for new mini-batches.',
    type: decimal(0.1, 3600),
    default: 5,
  },
  'serve.drain_seconds': {
    doc: 'Asked to stop, what is in hand may take this long to commit; then it is given back to the queue.',
    type: wholeNumber(0, 3600),
    default: 30,
  },
  'serve.max_bytes_in_flight': {
    doc: 'Raw bytes, as delivered, of the mini-batches in work at once; a single one may be larger.',
    type: wholeNumber(1, Number.MAX_SAFE_INTEGER),
    default: 512 * 2 ** 20,
  },
  'reconcile.seconds': {
    doc: "How often today's and yesterday's folders of every route are listed for mini-batches that nothing announced.",
    type: wholeNumber(1, DAY),
    default: 900,
  },
  'completeness.marker': {
    doc: 'Name of a file whose presence says that a mini-batch is complete, e.g. _SUCCESS.',
    type: textLike('the name of a file, without a slash', /^[^/]+$/),
    default: null,
  },
  'completeness.settle_seconds': {
    doc: 'Without the marker, a mini-batch is complete when its newest file is this old.',
    type: wholeNumber(0, DAY),
    default: 60,
  },
  'completeness.max_wait_seconds': {
    doc: 'A mini-batch is taken as it is, with a warning, after this long.',
    type: wholeNumber(0, DAY),
    default: 600,
  },
  'completeness.recheck_seconds': {
    doc: 'A committed folder is listed again after this long; later files make a new revision.',
    type: wholeNumber(0, DAY),
    default: 900,
  },
  'input.slice_time': {
    doc: "What settles the slice of a mini-batch that nothing announced. auto: id_pattern if set, else last_modified for folders of the last day, else max_event_end. A project's delta_builder spec wins.",
    type: oneOf(...SLICE_TIME_RULES),
    default: 'auto',
  },
  'input.id_pattern': {
    doc: "Time, UTC, in the name of a mini-batch's folder, e.g. {yyyy}{mm}{dd}T{HH}{MM}. A project's delta_builder spec wins.",
    type: idPattern,
    default: null,
  },
  'input.max_file_bytes': {
    doc: 'Bytes that one raw file may hold, inflated; one that holds more is left out, with a warning. The default is some ten million records.',
    type: wholeNumber(1, Number.MAX_SAFE_INTEGER),
    default: 4 * 2 ** 30,
  },
  'input.max_lines': {
    doc: 'Lines that a mini-batch may hold; one that holds more fails, and a single file that does is left out. The default, three times what 100,000 hosts of the traffic model write at their busiest, takes some 2 GB of memory.',
    type: wholeNumber(1, 1_000_000_000),
    default: 10_000_000,
  },
  'order.wait_seconds': {
    doc: 'How long a mini-batch waits for known earlier ones of its project to be committed or to fail.',
    type: wholeNumber(0, 3600),
    default: 120,
  },
  'order.reprocess_affected': {
    doc: 'Mini-batches whose windows a late one changed are published again, after all that is new, if it came at most 2 hours late. What it does not cover is told; ndr replay --affected publishes it.',
    type: flag,
    default: true,
  },
  'state.late_hours': {
    doc: 'Slices kept beyond the longest window, for mini-batches that come late.',
    type: wholeNumber(0, 720),
    default: 24,
  },
  'state.max_bytes': {
    doc: 'Memory, as Redis reports it, beyond which it is given no further block; those are rebuilt from the lake.',
    type: wholeNumber(1, Number.MAX_SAFE_INTEGER),
    default: null,
  },
  'redis.state_url': {
    doc: 'Redis that keeps window state; unset, the home does. May be lost at any time.',
    type: redisUrl,
    default: null,
    secret: true,
  },
  'baselines.memory_mb': {
    doc: 'Memory that ndr baselines may take, all threads together. Results do not depend on it.',
    type: wholeNumber(400, 1_048_576),
    default: 1024,
  },
  'lake.location': {
    doc: 'Where features and manifests go; unset, to the folder lake of the home.',
    type: s3Location,
    default: null,
  },
  'quarantine.location': {
    doc: 'Where what could not be used goes; unset, to the folder quarantine of the home.',
    type: s3Location,
    default: null,
  },
  'tables.store': {
    doc: 'Where specs, routes and the batch index lie: in the home (directory), or in DynamoDB tables.',
    type: oneOf('directory', 'dynamodb'),
    default: 'directory',
  },
  'tables.parameters': {
    doc: 'DynamoDB table of the specs.',
    type: tableName,
    default: 'ml_projects_parameters',
    environment: ['ML_PROJECTS_PARAMETERS_TABLE_NAME', 'JOB_SPEC_DDB_TABLE_NAME'],
  },
  'tables.routing': {
    doc: 'DynamoDB table of the routes.',
    type: tableName,
    default: 'ml_projects_routing',
    environment: ['ML_PROJECTS_ROUTING_TABLE_NAME'],
  },
  'tables.batch_index': {
    doc: 'DynamoDB table of the batch index.',
    type: tableName,
    default: 'batch_index',
    environment: ['BATCH_INDEX_TABLE_NAME'],
  },
  'queue.url': {
    doc: 'SQS queue of the notifications that ndr serve takes without --input. Calls go to AWS, whatever its host, unless sqs.endpoint or aws.endpoint is set.',
    type: queueUrl,
    default: null,
  },
  'queue.dead_letter_url': {
    doc: 'SQS queue for notifications that can never succeed, each with its cause; unset, they go to quarantine only.',
    type: queueUrl,
    default: null,
  },
  'queue.visibility_seconds': {
    doc: 'How long a message stays hidden from others; prolonged as long as its work goes on.',
    type: wholeNumber(10, 43_200),
    default: 120,
  },
  'aws.region': {
    doc: 'AWS region; unset, as the AWS clients find it (profile).',
    type: text,
    default: null,
    environment: ['AWS_REGION'],
  },
  'aws.endpoint': { doc: 'Address of every AWS service, instead of AWS itself.', type: endpoint, default: null },
  's3.endpoint': { doc: 'Address of S3; wins over aws.endpoint.', type: endpoint, default: null },
  's3.force_path_style': {
    doc: 'Buckets in the path instead of the host name, as most S3 servers other than AWS want it.',
    type: flag,
    default: false,
  },
  's3.checksums': {
    doc: 'Whether requests carry checksums wherever S3 knows them, or only where it demands them: some servers want the latter.',
    type: oneOf('when_supported', 'when_required'),
    default: 'when_supported',
  },
  'sqs.endpoint': { doc: 'Address of SQS; wins over aws.endpoint.', type: endpoint, default: null },
  'dynamodb.endpoint': { doc: 'Address of DynamoDB; wins over aws.endpoint.', type: endpoint, default: null },
  'eventbridge.endpoint': { doc: 'Address of EventBridge; wins over aws.endpoint.', type: endpoint, default: null },
  'events.eventbridge_bus': {
    doc: 'EventBridge bus that hears of commits and failures; unset, none does.',
    type: text,
    default: null,
  },
  'events.kafka_brokers': {
    doc: 'Kafka brokers, HOST:PORT, parted by commas, that hear of commits and failures; unset, none do.',
    type: textLike('HOST:PORT,HOST:PORT', /^[^\s,:]+:\d+(\s*,\s*[^\s,:]+:\d+)*$/),
    default: null,
  },
  'events.kafka_topic': { doc: 'Topic of those events.', type: text, default: 'ndr-events' },
  'http.host': {
    doc: 'Address on which ndr serve answers /metrics, /livez, /readyz.',
    type: text,
    default: '127.0.0.1',
  },
  'http.port': {
    doc: 'Its port; 0 takes a free one, unset answers nowhere.',
    type: wholeNumber(0, 65_535),
    default: null,
  },
  'log.level': {
    doc: 'Least severity of the log lines of ndr serve.',
    type: oneOf('debug', 'info', 'warn', 'error'),
    default: 'info',
    environment: ['LOG_LEVEL'],
  },
  'lake.gc_grace_seconds': {
    doc: 'Files of a superseded revision, and files that no revision names, stay this long.',
    type: wholeNumber(0, 30 * DAY),
    default: 3600,
  },
  'retention.delta_days': {
    doc: 'ndr retain removes delta files of slices that ended so long before the newest committed one.',
    type: days,
    default: 45,
  },
  'retention.pair_context_days': { doc: 'The same for pair_context.', type: days, default: 45 },
  'retention.fg_a_pair_context_days': { doc: 'The same for fg_a_pair_context.', type: days, default: 45 },
  'retention.pair_counts_days': { doc: 'The same for pair_counts.', type: days, default: 200 },
  'retention.fg_a_days': { doc: 'The same for fg_a.', type: days, default: 200 },
  'retention.fg_c_days': { doc: 'The same for fg_c.', type: days, default: 200 },
  'retention.baselines_days': {
    doc: 'The same for publications of baselines, by their reference instant; the newest of each horizon stays.',
    type: days,
    default: 190,
  },
  'retention.quarantine_days': {
    doc: 'ndr retain removes quarantined lines and failures that have lain so long, by the clock.',
    type: days,
    default: 30,
  },
  'retention.scratch_days': {
    doc: 'ndr retain removes unfinished files that have lain so long, by the clock.',
    type: days,
    default: 2,
  },
} as const satisfies Record<string, Setting>;

export type Settings = ValuesOf<typeof SETTINGS>;
