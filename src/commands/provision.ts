import { join, resolve } from 'node:path';
import { parseYaml } from '../config/yaml-text.ts';
import { type Provisioned, provision as provisionAll, type Wanted } from '../jobs/provisioning.ts';
import { readSeeds, type Seeds } from '../jobs/seeds.ts';
import { scope } from '../lifecycle.ts';
import { openDynamoDb } from '../state/aws/dynamodb-client.ts';
import { openDynamoDbTables } from '../state/aws/dynamodb-tables.ts';
import { openS3 } from '../state/aws/s3-client.ts';
import { openS3Lifecycle } from '../state/aws/s3-lifecycle.ts';
import { UNFINISHED_DAYS } from '../state/bucket-upkeep.ts';
import { openDirectorySpecs } from '../state/specs/directory.ts';
import { openDynamoDbSpecs } from '../state/specs/dynamodb.ts';
import { type Command, type CommandContext, EXIT, isJson, UsageError } from './command.ts';
import { isFolder } from './known-home.ts';
import { dynamoDbPlaceOf, s3OptionsOf } from './storage.ts';
import { tableShapesOf } from './table-shapes.ts';

export const provision: Command = {
  summary:
    'Make the DynamoDB tables, put specs and routes into them, and see to the buckets; changes nothing that is there.',
  usage: 'ndr provision [--seeds DIR] [--dry-run]',
  examples: [
    'ndr provision --dry-run',
    'ndr provision --seeds specs --lake.location s3://bucket/ndr',
    'ndr provision --dynamodb.endpoint http://127.0.0.1:8000 --json',
  ],
  flags: {
    seeds: {
      type: 'string',
      value: 'DIR',
      doc: 'Folder of specs, and of routes in its routing.json or routing.yaml (default: specs in the home).',
    },
    'dry-run': { type: 'boolean', doc: 'Say what would be made, and make nothing.' },
  },
  run: (context) =>
    scope(async (onExit) => {
      const { settings, terminal, stop, flags } = context;
      const seeds = await seedsOf(context);
      for (const warning of seeds.warnings) terminal.note(`warning: ${warning}`);
      const dynamoDb = openDynamoDb(dynamoDbPlaceOf(settings));
      onExit(dynamoDb.close);
      const s3 = openS3(s3OptionsOf(settings));
      onExit(async () => s3.destroy());
      const names = { parameters: settings['tables.parameters'], routing: settings['tables.routing'] };
      const deps = {
        tables: openDynamoDbTables(dynamoDb),
        // Seeds are compared as they stand; no document is read.
        specs: openDynamoDbSpecs(dynamoDb, names, async () => undefined),
        upkeep: openS3Lifecycle(s3),
        stop,
        onProgress: (line: string) => terminal.progress(line),
      };
      const isDryRun = flags['dry-run'] === true;
      const counts = { stands: 0, made: 0, missing: 0, differs: 0, unknown: 0 };
      for await (const done of provisionAll(deps, wantedOf(context, seeds), isDryRun)) {
        counts[done.is]++;
        tell(context, done);
      }
      terminal.progress('');
      if (isJson(context)) terminal.out(JSON.stringify({ summary: { ...counts, dry_run: isDryRun } }));
      else terminal.out(summaryLine(counts));
      if (settings['tables.store'] !== 'dynamodb')
        terminal.note(
          'note: tables.store is directory: specs and the batch index are read from the home, not from these tables',
        );
      if (!stop.aborted) return EXIT.done;
      terminal.note('stopped; run the same command again to go on');
      return EXIT.failed;
    }),
};

async function seedsOf({ settings, flags }: CommandContext): Promise<Seeds> {
  const given = flags['seeds'];
  const folder = resolve(typeof given === 'string' ? given : join(settings.home, 'specs'));
  if (typeof given === 'string' && !(await isFolder(folder)))
    throw new UsageError(`--seeds: ${folder} is no folder; give one of specs, as a home has it`);
  return readSeeds(openDirectorySpecs(folder, parseYaml));
}

function wantedOf({ settings }: CommandContext, seeds: Seeds): Wanted {
  const places = [settings['lake.location'], settings['quarantine.location']].filter((place) => place !== null);
  return {
    shapes: tableShapesOf(settings),
    seeds,
    places: [...new Set(places)],
  };
}

const WHAT: Readonly<Record<Provisioned['what'], (name: string) => string>> = {
  table: (name) => `table ${name}`,
  recovery: (name) => `point-in-time recovery of table ${name}`,
  spec: (name) => `spec ${name}`,
  route: (name) => `route ${name}`,
  upkeep: (name) => `rule of ${name} that clears uploads unfinished for ${UNFINISHED_DAYS} days`,
};

const TOLD: Readonly<Record<Provisioned['is'], string>> = {
  stands: 'stands',
  made: 'made',
  missing: 'would be made',
  differs: 'is there, differs, and stays as it is',
  unknown: 'is nothing that this server knows',
};

function tell(context: CommandContext, { what, name, is, note }: Provisioned): void {
  const { terminal } = context;
  const line = `${WHAT[what](name)}: ${TOLD[is]}${note === null ? '' : `: ${note}`}`;
  if (is === 'differs' || is === 'unknown') terminal.note(`warning: ${line}`);
  if (isJson(context)) terminal.out(JSON.stringify({ what, name, outcome: is, note }));
  else if (is !== 'differs' && is !== 'unknown') terminal.out(line);
}

function summaryLine({ stands, made, missing, differs, unknown }: Record<Provisioned['is'], number>): string {
  const others = [
    ...(differs > 0 ? [`${differs} differ`] : []),
    ...(unknown > 0 ? [`${unknown} unknown to the server`] : []),
  ];
  const first =
    missing > 0 ? `nothing was changed: ${missing} would be made` : made > 0 ? `${made} made` : 'nothing to do';
  return [first, `${stands} stand`, ...others].join(', ');
}
