import { type BackingWatch, UNHEARD } from '../consumers/backing-watch.ts';
import type { HeldBack } from '../consumers/breakers.ts';
import type { Log } from '../consumers/log.ts';
import { type LabelsOf, type Meter, NO_METER } from '../consumers/meter.ts';
import { type MiniBatchWatch, UNWATCHED } from '../consumers/mini-batch-watch.ts';
import type { Pump } from '../consumers/pump.ts';
import { meteredBacking, meteredMiniBatches } from '../consumers/pump-metrics.ts';
import type { ReadinessCheck } from '../consumers/service-health.ts';
import type { StateEvent } from '../state/window-state.ts';
import type { CommandContext } from './command.ts';
import type { Surroundings } from './surroundings.ts';

/** What a place that is served tells of itself. */
export interface PlaceWatch {
  readonly miniBatches: MiniBatchWatch;
  readonly backing: BackingWatch;
  readonly retried: (dependency: LabelsOf<'ndr_dependency_retries_total'>['dependency'], times: number) => void;
}

export const SILENT_PLACE: PlaceWatch = { miniBatches: UNWATCHED, backing: UNHEARD, retried() {} };

/** What watches a process that serves. */
export interface Monitoring {
  readonly meter: Meter;
  readonly watch: PlaceWatch;
  /** Answers on http.host and http.port, if that is set; tells where. */
  open(pump: Pump, log: Log, onExit: (undo: () => Promise<void>) => void): Promise<string | null>;
}

/**
 * Metrics are kept only where somebody can ask for them, and what keeps them is loaded only then.
 *
 * @param usualPort where http.port is unset: it, or a free one while somebody else has it; null: nowhere
 */
export async function openMonitoring(
  { settings, codeVersion }: Pick<CommandContext, 'settings' | 'codeVersion'>,
  { nodeVersion }: Pick<Surroundings, 'nodeVersion'>,
  usualPort: number | null = null,
): Promise<Monitoring> {
  const host = settings['http.host'];
  if ((settings['http.port'] ?? usualPort) === null)
    return { meter: NO_METER, watch: SILENT_PLACE, open: async () => null };
  const { openPrometheusMetrics } = await import('../http/prometheus-metrics.ts');
  const meter = openPrometheusMetrics();
  meter.set('ndr_build_info', { version: codeVersion, node_version: nodeVersion }, 1);
  const metered = meteredBacking(meter);
  let lastOfRedis: StateEvent | undefined;
  const watch: PlaceWatch = {
    miniBatches: meteredMiniBatches(meter, () => performance.now()),
    backing: {
      ...metered,
      blocks(place, event, times) {
        if (place === 'redis') lastOfRedis = event;
        metered.blocks(place, event, times);
      },
    },
    retried: (dependency, times) => meter.count('ndr_dependency_retries_total', { dependency }, times),
  };
  return {
    meter,
    watch,
    async open(pump, log, onExit) {
      const { isFree, openHealthServer } = await import('../http/health-server.ts');
      const port = settings['http.port'] ?? (usualPort !== null && (await isFree(host, usualPort)) ? usualPort : 0);
      const { address, close } = await openHealthServer({
        ...{ host, port, log },
        metrics: meter.exposition,
        live: () => pump.live(),
        ready: () => checksOf(settings, pump.state, lastOfRedis),
      });
      onExit(close);
      return address;
    },
  };
}

function checksOf(
  settings: CommandContext['settings'],
  state: Pump['state'],
  lastOfRedis: StateEvent | undefined,
): ReadinessCheck[] {
  const source = state.source() ?? { ok: false, why: 'not asked yet' };
  const open = state.openBreakers();
  const isDraining = state.isDraining();
  const dependencies = [
    'disk',
    ...(settings['lake.location'] !== null || settings['queue.url'] !== null ? ['S3'] : []),
    ...(settings['tables.store'] === 'dynamodb' ? ['DynamoDB'] : []),
  ];
  const isAway = lastOfRedis === 'unavailable';
  return [
    { name: 'pump', ok: !isDraining, why: isDraining ? 'told to stop' : 'takes mini-batches' },
    { name: 'source', ...source },
    ...dependencies.map((name) => {
      const held = open.find(({ system }) => system === name);
      const why = held === undefined ? 'answers' : describeHeld(held);
      return { name: name.toLowerCase(), ok: held === undefined, why };
    }),
    ...(settings['redis.state_url'] === null
      ? []
      : [{ name: 'redis', ok: !isAway, why: isAway ? 'did not answer; window state is kept in the home' : 'answers' }]),
  ];
}

const describeHeld = ({ stream, why }: HeldBack): string =>
  `${why ?? 'did not answer'}; ${stream === null ? 'work' : `work of ${stream}`} is held back`;
