import { posix } from 'node:path';
import type { SourceFile } from './source-file.ts';

/** A layer imports from itself and from those to its left. A top-level file is a layer of its own, but for the entries. */
const LAYERS = [
  'operators',
  'simulation',
  'config',
  'state',
  'consumers',
  'jobs',
  'http',
  'lifecycle.ts',
  'commands',
  'entries',
] as const;
type Layer = (typeof LAYERS)[number];

/** The programs: only they touch the process they run in. */
export const ENTRIES: ReadonlySet<string> = new Set(['src/main.ts', 'src/worker.ts']);
/** Functions from values to values: no package, no module of Node, no clock. */
export const PURE: ReadonlySet<string> = new Set(['operators', 'simulation']);

/** Package → the only path, or beginning of paths, that imports it. */
export const HOMES: Readonly<Record<string, string>> = {
  '@aws-sdk/client-dynamodb': 'src/state/aws/dynamodb',
  '@aws-sdk/client-eventbridge': 'src/consumers/events/eventbridge',
  '@aws-sdk/client-s3': 'src/state/aws/s3',
  '@aws-sdk/client-sqs': 'src/consumers/notification-queue/sqs',
  '@aws-sdk/lib-dynamodb': 'src/state/aws/dynamodb',
  '@aws-sdk/lib-storage': 'src/state/aws/s3',
  fastify: 'src/http/',
  hyparquet: 'src/state/parquet',
  'hyparquet-writer': 'src/state/parquet',
  ioredis: 'src/state/window-state/redis',
  kafkajs: 'src/consumers/events/kafka',
  pino: 'src/http/',
  'prom-client': 'src/http/',
  yaml: 'src/config/',
  zod: 'src/config/',
};

export const folderOf = (path: string): string => path.split('/')[1]!;

function layerOf(path: string): Layer | undefined {
  return ENTRIES.has(path) ? 'entries' : LAYERS.find((layer) => layer === folderOf(path));
}

export function flowOffences(file: SourceFile, paths: ReadonlySet<string>): string[] {
  const layer = layerOf(file.path);
  if (layer === undefined) return [`${file.path} stands in no known layer; those are ${LAYERS.join(', ')}`];
  return file.imports.flatMap(({ specifier, line }) => {
    const offence = specifier.startsWith('.')
      ? againstFlow(file.path, layer, posix.join(posix.dirname(file.path), specifier), paths)
      : awayFromHome(file.path, specifier);
    return offence === undefined ? [] : [`${file.path}:${line} ${offence}`];
  });
}

function againstFlow(from: string, layer: Layer, to: string, paths: ReadonlySet<string>): string | undefined {
  if (!to.startsWith('src/')) return `imports ${to}, which lies outside src`;
  if (!paths.has(to)) return `imports ${to}, which does not exist (imports carry .ts)`;
  const target = layerOf(to);
  if (target === undefined) return undefined;
  if (LAYERS.indexOf(target) > LAYERS.indexOf(layer)) return `imports ${to}, against the flow`;
  if (target === 'simulation' && !['simulation', 'commands', 'entries'].includes(layer))
    return `imports ${to}; only commands may import the simulation`;
  const port = portOf(to, paths);
  if (port !== undefined && layer !== 'commands' && layer !== 'entries' && posix.dirname(from) !== posix.dirname(to))
    return `imports the adapter ${to}; only entries may, others take the port ${port}`;
  return undefined;
}

/** The port that a file adapts: `lake.ts` for the files of the folder `lake` beside it. */
export function portOf(path: string, paths: ReadonlySet<string>): string | undefined {
  const port = `${posix.dirname(path)}.ts`;
  return paths.has(port) ? port : undefined;
}

function awayFromHome(from: string, specifier: string): string | undefined {
  const folder = folderOf(from);
  if (specifier.startsWith('node:')) {
    if (PURE.has(folder)) return `imports ${specifier}; ${folder} is pure and imports no module of Node`;
    const touchesProcess = specifier === 'node:process' && !ENTRIES.has(from);
    return touchesProcess ? 'imports node:process; only main.ts and worker.ts touch the process' : undefined;
  }
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  if (PURE.has(folder)) return `imports ${name}; ${folder} is pure and imports no package`;
  const home = HOMES[name];
  if (home === undefined)
    return `imports ${name}, which has no home yet; give it one in the table of the architecture test`;
  return from.startsWith(home) ? undefined : `imports ${name}; only ${home}* may`;
}
