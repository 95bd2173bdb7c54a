import type { BatchSpec } from '../config/batch-spec.ts';
import { sliceRulesOf } from '../config/slice-time.ts';
import { DEFAULT_VERSION } from '../config/spec-items.ts';
import { SpecError } from '../config/spec-payload.ts';
import type { NotificationQueue } from '../consumers/notification-queue.ts';
import type { PumpPorts } from '../consumers/pump-ports.ts';
import { type StreamName, streamKey } from '../consumers/stream-name.ts';
import type { Stream } from '../consumers/take-mini-batch.ts';
import { findUnannounced } from '../consumers/unannounced.ts';
import { quarantineBatch } from '../state/quarantine.ts';
import type { CommandContext } from './command.ts';
import { openLiveRoutes } from './live-routes.ts';
import type { Place } from './place.ts';
import { shareSpecs } from './project-spec.ts';

/** Streams that are opened again within so long share what is read of specs: many of them cost no more than one. */
const SHARED_MS = 10_000;

/** What the pump stands on where notifications come from a queue: any number of projects, by their routes and specs. */
export function livePorts(
  { settings, clock }: Pick<CommandContext, 'settings' | 'clock'>,
  { deps, storage }: Place,
  queue: NotificationQueue,
  warn: (text: string) => void,
): Pick<PumpPorts, 'rawFiles' | 'queue' | 'bucketOfKeys' | 'route' | 'search' | 'open' | 'quarantine'> {
  const routes = openLiveRoutes(
    storage.specs,
    {
      project: settings.project,
      version: settings.feature_spec_version,
      fallbackVersion: settings['tables.store'] === 'directory' ? DEFAULT_VERSION : null,
    },
    warn,
    clock,
  );
  const open = new Map<string, Stream>();
  const specs = shareSpecs(storage.specs, SHARED_MS, clock);
  const openStream = async (name: StreamName): Promise<Stream> => {
    const spec = await specs.specOf(name.project, name.version);
    const key = streamKey(name);
    const known = open.get(key);
    if (known !== undefined && isSameSpec(known.spec, spec)) return known;
    for (const warning of spec.warnings) warn(warning);
    const stream: Stream = { deps, spec, sliceRules: sliceRulesOf(spec, settings) };
    open.set(key, stream);
    return stream;
  };
  return {
    rawFiles: deps.rawFiles,
    queue,
    bucketOfKeys: routes.bucketOfKeys,
    async route(named) {
      const routed = await routes.route(named);
      if (routed.is !== 'routed' || open.has(streamKey(routed.stream))) return routed;
      try {
        await openStream(routed.stream);
        return routed;
      } catch (error) {
        // By wrong specs nothing of the project can be taken; one that went wrong later goes on by those before.
        if (error instanceof SpecError) return { is: 'poison', why: error.faults.join('; ') };
        throw error;
      }
    },
    async search(isKnown) {
      return findUnannounced({
        rawFiles: deps.rawFiles,
        index: deps.index,
        routes: await routes.all(),
        streamOf: routes.streamOf,
        isKnown,
        now: clock(),
        graceMs: settings['completeness.max_wait_seconds'] * 1000,
      });
    },
    open: openStream,
    async quarantine(message, why) {
      const place = {
        lake: deps.quarantine,
        prefix: '',
        project: settings.project,
        miniBatchId: `message-${message.id}`,
      };
      await quarantineBatch(place, { notification: message.body, error: new Error(why) });
    },
  };
}

/** Decoded specs are plain data. */
const isSameSpec = (one: BatchSpec, other: BatchSpec): boolean => JSON.stringify(one) === JSON.stringify(other);
