import type { Route } from '../config/routing.ts';
import { DEFAULT_VERSION, readSpecItems } from '../config/spec-items.ts';
import { resolveFeatureSpecVersion } from '../config/spec-version.ts';
import { examineBucket, type WrittenPlace } from '../jobs/bucket-examination.ts';
import { type Finding, info, warning } from '../jobs/finding.ts';
import { examineQueue } from '../jobs/queue-examination.ts';
import { clockFinding, whileReached } from '../jobs/reach-finding.ts';
import { examineRoutes } from '../jobs/route-examination.ts';
import { examineSink } from '../jobs/sink-examination.ts';
import { examineIndexTable, examineTable } from '../jobs/table-examination.ts';
import type { S3 } from '../state/aws/s3-client.ts';
import { openDirectoryRawFiles } from '../state/raw-files/directory.ts';
import type { RawFiles } from '../state/raw-files.ts';
import { rawFilesByAddress } from '../state/raw-files-by-address.ts';
import type { CommandContext } from './command.ts';
import { busOf, topicOf } from './event-outlets.ts';
import { readProjectSpec } from './project-spec.ts';
import { dynamoDbPlaceOf, type OnExit, type Storage, s3OptionsOf } from './storage.ts';
import { tableShapesOf } from './table-shapes.ts';

/** What can be looked through. What lies in the home can. */
export interface Reach {
  lake: boolean;
  quarantine: boolean;
  tables: boolean;
}

/**
 * Whether everything outside the home that the settings name can be reached, is allowed and is set up well. What is away
 * is one finding, and the rest is examined.
 */
export async function* examineCloud(
  context: CommandContext,
  storage: Storage,
  onExit: OnExit,
): AsyncGenerator<Finding, Reach> {
  const s3 = watchedS3(context, onExit);
  const reach: Reach = { lake: true, quarantine: true, tables: true };
  reach.tables = yield* examineTables(context, storage, onExit);
  yield* examineBuckets(context, storage, s3, reach);
  if (reach.tables) {
    const findings = examineRoutes({
      specs: storage.specs,
      rawFiles: s3.isSilent() ? null : openRawFiles(s3),
      specWarnings: (route) => specWarnings(context, storage, route),
    });
    yield* whileReached('routes', findings, 'check dynamodb.endpoint, the network and the server');
  }
  if (s3.isOpen() && !s3.isSilent()) yield clockFinding('S3', s3.aheadMs());
  yield* examineNotifications(context, onExit);
  yield* examineWindowState(context);
  yield* examineEvents(context);
  return reach;
}

interface WatchedS3 {
  readonly open: () => Promise<S3>;
  readonly isOpen: () => boolean;
  /** It was asked, and never answered anything, not even that it refuses. */
  readonly isSilent: () => boolean;
  readonly aheadMs: () => number | undefined;
}

/** A client of its own, opened where it is needed, so that its answers can be watched. */
function watchedS3({ settings, clock }: CommandContext, onExit: OnExit): WatchedS3 {
  let opening: Promise<S3> | undefined;
  let aheadMs: () => number | undefined = () => undefined;
  const open = async (): Promise<S3> => {
    const { openS3 } = await import('../state/aws/s3-client.ts');
    const { watchServerClock } = await import('../state/aws/server-clock.ts');
    const client = openS3(s3OptionsOf(settings));
    onExit(async () => client.destroy());
    aheadMs = watchServerClock(client.middlewareStack, clock);
    return client;
  };
  return {
    open() {
      opening ??= open();
      return opening;
    },
    isOpen: () => opening !== undefined,
    isSilent: () => opening !== undefined && aheadMs() === undefined,
    aheadMs: () => aheadMs(),
  };
}

const openRawFiles = (s3: WatchedS3): RawFiles =>
  rawFilesByAddress(async () => {
    const { openS3RawFiles } = await import('../state/raw-files/s3.ts');
    return openS3RawFiles(await s3.open());
  }, openDirectoryRawFiles());

/** @returns whether specs, routes and index can be read */
async function* examineTables(
  { settings, flags, clock }: CommandContext,
  { items, specs }: Storage,
  onExit: OnExit,
): AsyncGenerator<Finding, boolean> {
  if (settings['tables.store'] === 'directory') return true;
  const { openDynamoDb } = await import('../state/aws/dynamodb-client.ts');
  const { openDynamoDbTables } = await import('../state/aws/dynamodb-tables.ts');
  const { watchServerClock } = await import('../state/aws/server-clock.ts');
  const dynamoDb = openDynamoDb(dynamoDbPlaceOf(settings));
  onExit(async () => dynamoDb.close());
  const aheadMs = watchServerClock(dynamoDb.client.middlewareStack, clock);
  const tables = openDynamoDbTables(dynamoDb);
  const shapes = tableShapesOf(settings);
  let isThere = true;
  for (const shape of Object.values(shapes)) {
    isThere = (yield* examineTable(tables, shape)) && isThere;
    // Nothing listens there, or it lets nobody in: the next table would say the same.
    if (aheadMs() === undefined) return false;
  }
  yield clockFinding('DynamoDB', aheadMs());
  if (!isThere) return false;
  if (!(yield* examineIndexTable(items, settings['tables.batch_index'], flags['write'] === true))) return false;
  const reading = (async function* (): AsyncGenerator<Finding> {
    const [stored, routes] = [await specs.items(), await specs.routes()];
    yield info('tables', `${stored.length} specs and ${routes.length} routes can be read`);
  })();
  return yield* whileReached('tables', reading, 'check dynamodb.endpoint, the network and the server');
}

async function* examineBuckets(
  { settings, flags }: CommandContext,
  { lake, quarantine }: Storage,
  s3: WatchedS3,
  reach: Reach,
): AsyncGenerator<Finding> {
  const inS3 = (check: 'lake' | 'quarantine', written: WrittenPlace['lake']) => {
    const location = settings[`${check}.location`];
    return location === null ? [] : [{ check, location, lake: written }];
  };
  for (const place of [...inS3('lake', lake), ...inS3('quarantine', quarantine)]) {
    // What it was for the first place is said once.
    if (s3.isSilent()) {
      reach[place.check] = false;
      continue;
    }
    const { openS3Lifecycle } = await import('../state/aws/s3-lifecycle.ts');
    const { openS3Lake } = await import('../state/lake/s3.ts');
    const client = await s3.open();
    const watched = { ...place, lake: openS3Lake(client, place.location) };
    reach[place.check] = yield* examineBucket(watched, openS3Lifecycle(client), flags['write'] === true);
  }
}

/** As the live path reads them. */
async function specWarnings(
  { settings }: CommandContext,
  { specs }: Storage,
  { projectName: project, featureSpecVersion: route }: Route,
): Promise<readonly string[]> {
  const { items } = readSpecItems(await specs.items(project));
  const fallback = settings['tables.store'] === 'directory' ? DEFAULT_VERSION : null;
  const explicit = settings.feature_spec_version;
  const version = resolveFeatureSpecVersion({ items, project, explicit, route, fallback });
  return (await readProjectSpec(specs, project, version)).warnings;
}

async function* examineNotifications({ settings }: CommandContext, onExit: OnExit): AsyncGenerator<Finding> {
  const url = settings['queue.url'];
  if (url === null) return;
  const { openSqsQueue } = await import('../consumers/notification-queue/sqs.ts');
  const visibilitySeconds = settings['queue.visibility_seconds'];
  const queue = openSqsQueue({
    url,
    deadLetterUrl: settings['queue.dead_letter_url'],
    region: settings['aws.region'],
    endpoint: settings['sqs.endpoint'] ?? settings['aws.endpoint'],
    visibilitySeconds,
  });
  onExit(async () => queue.close());
  yield* examineQueue(queue, { url, visibilitySeconds });
}

async function* examineEvents({ settings }: CommandContext): AsyncGenerator<Finding> {
  const bus = busOf(settings);
  const topic = topicOf(settings);
  if (bus !== null) {
    const { hasEventBus } = await import('../consumers/events/eventbridge.ts');
    const isThere = () => hasEventBus(bus);
    yield* examineSink({ check: 'eventbridge', name: `bus ${bus.bus}`, setting: 'events.eventbridge_bus', isThere });
  }
  if (topic !== null) {
    const { hasKafkaTopic } = await import('../consumers/events/kafka.ts');
    const isThere = () => hasKafkaTopic(topic);
    const name = `topic ${topic.topic} of ${settings['events.kafka_brokers']}`;
    yield* examineSink({ check: 'kafka', name, setting: 'events.kafka_topic', isThere });
  }
}

/** A Redis that is away costs time and no data. */
async function* examineWindowState({ settings }: CommandContext): AsyncGenerator<Finding> {
  const url = settings['redis.state_url'];
  if (url === null) return;
  const { examineRedis } = await import('../state/window-state/redis-health.ts');
  const health = await examineRedis(url, settings['state.max_bytes']);
  if (health.is === 'away') {
    yield warning('redis', `redis at ${health.address} cannot be used: ${health.fault}`, health.remedy);
    return;
  }
  for (const { what, remedy } of health.advice) yield warning('redis', what, remedy);
  yield info('redis', `redis ${health.version} at ${health.address} can be reached`);
}
