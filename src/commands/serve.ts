import type { NotificationQueue } from '../consumers/notification-queue.ts';
import { scope } from '../lifecycle.ts';
import { type Command, type CommandContext, EXIT, UsageError } from './command.ts';
import { inputFolder } from './folders.ts';
import { openHome } from './home.ts';
import { livePorts } from './live-ports.ts';
import { type Monitoring, openMonitoring } from './monitoring.ts';
import { openPlace } from './place.ts';
import { jsonLog, plainLog } from './serve-log.ts';
import { directoryPorts, servePump, tellAddress } from './serving.ts';
import type { Surroundings } from './surroundings.ts';

type OnExit = (undo: () => Promise<void>) => void;

export const serveIn = (surroundings: Surroundings): Command => ({
  summary: 'Take mini-batches as they come, from a queue of notifications or a directory, until stopped.',
  usage: 'ndr serve [--input ROOT]',
  examples: [
    'ndr serve --input /var/spool/firewall',
    'NDR_COMPLETENESS_MARKER=_SUCCESS ndr serve --input logs',
    'NDR_QUEUE_URL=https://sqs.eu-central-1.amazonaws.com/1/ndr NDR_LAKE_LOCATION=s3://lake/ndr NDR_TABLES_STORE=dynamodb ndr serve',
  ],
  flags: {
    input: {
      type: 'string',
      value: 'ROOT',
      doc: 'Folder below which mini-batches arrive; without it, the queue of the setting queue.url tells of them.',
    },
  },
  run: (context) =>
    scope(async (onExit) => {
      const isDrained =
        context.flags['input'] === undefined
          ? await serveQueue(context, surroundings, onExit)
          : await serveDirectory(context, surroundings, onExit);
      context.terminal.note('stopped');
      return isDrained ? EXIT.done : EXIT.failed;
    }),
});

async function serveDirectory(context: CommandContext, surroundings: Surroundings, onExit: OnExit): Promise<boolean> {
  const root = await inputFolder(context, 'the folder below which mini-batches arrive');
  const monitoring = await openMonitoring(context, surroundings);
  const home = await openHome(context, onExit, monitoring.watch, 'beside');
  const searchMs = context.settings['serve.poll_seconds'] * 1000;
  const source = directoryPorts(context, home, root);
  const onOpen = telling(context, `watching ${root}; lake: ${home.storage.lakePlace}; stop with Ctrl-C`);
  return servePump(context, { place: home, source, searchMs, monitoring, log: plainLog(context), onOpen }, onExit);
}

async function serveQueue(context: CommandContext, surroundings: Surroundings, onExit: OnExit): Promise<boolean> {
  const { settings } = context;
  const url = settings['queue.url'];
  if (url === null)
    throw new UsageError(
      'serve: there is nowhere to take mini-batches from; give a folder with --input, or set queue.url (NDR_QUEUE_URL)',
    );
  // People read words; where nobody watches, lines are collected.
  const log = surroundings.notes.isWatched ? plainLog(context) : await jsonLog(context, surroundings);
  const monitoring = await openMonitoring(context, surroundings);
  const place = await openPlace(context, onExit, monitoring.watch, 'beside');
  const queue = await openQueue(context, url, monitoring);
  onExit(async () => queue.close());
  const source = livePorts(context, place, queue, log.warn);
  const searchMs = settings['reconcile.seconds'] * 1000;
  const onOpen = telling(
    context,
    `taking notifications from ${url}; lake: ${place.storage.lakePlace}; stop with Ctrl-C`,
  );
  return servePump(context, { place, source, searchMs, monitoring, log, onOpen }, onExit);
}

/** Says what is served once it is: a port that is taken ends the program before. */
const telling =
  (context: CommandContext, what: string) =>
  (address: string | null): void => {
    context.terminal.note(what);
    tellAddress(context)(address);
  };

async function openQueue({ settings }: CommandContext, url: string, { watch }: Monitoring): Promise<NotificationQueue> {
  const { openSqsQueue } = await import('../consumers/notification-queue/sqs.ts');
  return openSqsQueue({
    url,
    deadLetterUrl: settings['queue.dead_letter_url'],
    region: settings['aws.region'],
    endpoint: settings['sqs.endpoint'] ?? settings['aws.endpoint'],
    visibilitySeconds: settings['queue.visibility_seconds'],
    onRetry: (times) => watch.retried('sqs', times),
  });
}
