import type { NotificationQueue } from '../consumers/notification-queue.ts';
import { scope } from '../lifecycle.ts';
import { type Command, type CommandContext, EXIT, UsageError } from './command.ts';
import { inputFolder } from './folders.ts';
import { openHome } from './home.ts';
import { livePorts } from './live-ports.ts';
import { openPlace } from './place.ts';
import { directoryPorts, servePump } from './serving.ts';

type OnExit = (undo: () => Promise<void>) => void;

export const serve: Command = {
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
          ? await serveQueue(context, onExit)
          : await serveDirectory(context, onExit);
      context.terminal.note('stopped');
      return isDrained ? EXIT.done : EXIT.failed;
    }),
};

async function serveDirectory(context: CommandContext, onExit: OnExit): Promise<boolean> {
  const root = await inputFolder(context, 'the folder below which mini-batches arrive');
  const home = await openHome(context, onExit);
  context.terminal.note(`watching ${root}; lake: ${home.storage.lakePlace}; stop with Ctrl-C`);
  const searchMs = context.settings['serve.poll_seconds'] * 1000;
  return servePump(context, home, directoryPorts(context, home, root), searchMs, onExit);
}

async function serveQueue(context: CommandContext, onExit: OnExit): Promise<boolean> {
  const { settings, terminal } = context;
  const url = settings['queue.url'];
  if (url === null)
    throw new UsageError(
      'serve: there is nowhere to take mini-batches from; give a folder with --input, or set queue.url (NDR_QUEUE_URL)',
    );
  const place = await openPlace(context, onExit);
  const queue = await openQueue(context, url);
  onExit(async () => queue.close());
  terminal.note(`taking notifications from ${url}; lake: ${place.storage.lakePlace}; stop with Ctrl-C`);
  const ports = livePorts(context, place, queue, (text) => terminal.note(`warning: ${text}`));
  return servePump(context, place, ports, settings['reconcile.seconds'] * 1000, onExit);
}

async function openQueue({ settings }: CommandContext, url: string): Promise<NotificationQueue> {
  const { openSqsQueue } = await import('../consumers/notification-queue/sqs.ts');
  return openSqsQueue({
    url,
    deadLetterUrl: settings['queue.dead_letter_url'],
    region: settings['aws.region'],
    endpoint: settings['sqs.endpoint'] ?? settings['aws.endpoint'],
    visibilitySeconds: settings['queue.visibility_seconds'],
  });
}
