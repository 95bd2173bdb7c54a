import { join } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { parseYaml } from '../config/yaml-text.ts';
import type { AwsPlace } from '../state/aws/pinned-endpoint.ts';
import type { S3, S3Options } from '../state/aws/s3-client.ts';
import { type BatchIndex, openBatchIndex } from '../state/batch-index.ts';
import { openDirectoryItems } from '../state/items/directory.ts';
import type { Items } from '../state/items.ts';
import { openDirectoryLake } from '../state/lake/directory.ts';
import type { Lake } from '../state/lake.ts';
import { openDirectorySpecs } from '../state/specs/directory.ts';
import type { SpecSource } from '../state/specs.ts';

/** Where a project's data, specs and index lie, as the settings have it: in the home, or in AWS. */
export interface Storage {
  readonly lake: Lake;
  readonly quarantine: Lake;
  readonly items: Items;
  readonly index: BatchIndex;
  readonly specs: SpecSource;
  /** Where people find the lake: a folder, or an address in S3. */
  readonly lakePlace: string;
}

export type OnExit = (undo: () => Promise<void>) => void;

/** How S3 is reached; null: nothing lies there, so that no client is needed. */
export const s3OptionsOf = (settings: Settings): S3Options => ({
  region: settings['aws.region'],
  endpoint: settings['s3.endpoint'] ?? settings['aws.endpoint'],
  forcePathStyle: settings['s3.force_path_style'],
  checksums: settings['s3.checksums'],
});

export const dynamoDbPlaceOf = (settings: Settings): AwsPlace => ({
  region: settings['aws.region'],
  endpoint: settings['dynamodb.endpoint'] ?? settings['aws.endpoint'],
});

/** Opens what the settings name; adapters of AWS are loaded only where something lies there. */
export async function openStorage(settings: Settings, folder: string, onExit: OnExit): Promise<Storage> {
  const s3 = sharedS3(settings, onExit);
  const lakeIn = async (location: string | null, place: string): Promise<Lake> => {
    if (location === null) return openDirectoryLake(place);
    const { openS3Lake } = await import('../state/lake/s3.ts');
    return openS3Lake(await s3(), location);
  };
  const lakeFolder = join(folder, 'lake');
  const lake = await lakeIn(settings['lake.location'], lakeFolder);
  const quarantine = await lakeIn(settings['quarantine.location'], join(folder, 'quarantine'));
  const lakePlace = settings['lake.location'] ?? lakeFolder;
  if (settings['tables.store'] === 'directory') {
    const items = await openDirectoryItems(join(folder, 'state', 'items'));
    const specs = openDirectorySpecs(join(folder, 'specs'), parseYaml);
    return { lake, quarantine, items, index: openBatchIndex(items), specs, lakePlace };
  }
  const { openDynamoDb } = await import('../state/aws/dynamodb-client.ts');
  const { openDynamoDbItems } = await import('../state/items/dynamodb.ts');
  const { openDynamoDbSpecs } = await import('../state/specs/dynamodb.ts');
  const { readWholeS3Object } = await import('../state/aws/s3-read.ts');
  const { s3Place } = await import('../state/aws/s3-location.ts');
  const dynamoDb = openDynamoDb(dynamoDbPlaceOf(settings));
  onExit(async () => dynamoDb.close());
  const items = openDynamoDbItems(dynamoDb);
  const tables = { parameters: settings['tables.parameters'], routing: settings['tables.routing'] };
  const specs = openDynamoDbSpecs(dynamoDb, tables, async (location) =>
    readWholeS3Object(await s3(), s3Place(location)),
  );
  return { lake, quarantine, items, index: openBatchIndex(items, settings['tables.batch_index']), specs, lakePlace };
}

/** One client of S3, opened when it is first asked for. */
function sharedS3(settings: Settings, onExit: OnExit): () => Promise<S3> {
  let opening: Promise<S3> | undefined;
  return () => {
    opening ??= import('../state/aws/s3-client.ts').then(({ openS3 }) => {
      const s3 = openS3(s3OptionsOf(settings));
      onExit(async () => s3.destroy());
      return s3;
    });
    return opening;
  };
}
