import { type BaselineChoice, chooseBaselines, type Fallbacks } from './baseline-choice.ts';
import { type BaselineMetric, floorOf, transformOf } from './baseline-metrics.ts';
import type { HostPack, SegmentPack } from './baseline-pack.ts';
import type { BeaconRows } from './beacon-rows.ts';
import { bendValues, writeBehaviours } from './behaviour-scores.ts';
import type { CalendarFeatures } from './calendar.ts';
import { createDeviationBlock, type DeviationBlock, ROWS_AT_ONCE } from './deviation-block.ts';
import { BEHAVIOUR_INPUTS, type DeviationOptions } from './deviation-metrics.ts';
import { writeTransform } from './deviation-transforms.ts';
import type { WindowPairs } from './fg-a-pairs.ts';
import { FEATURE_COUNT } from './metrics.ts';
import { type KnownPairs, type RarestPairs, rarestPairsOf } from './pair-deviations.ts';
import { metricNamed, type StatisticLayout, statisticLayoutOf } from './statistic-rows.ts';
import { SUSPICION_NAMES, writeSuspicions } from './suspicion.ts';
import { violatesTimeBand } from './time-band.ts';

/** The rows of a shard: what its hosts did, as FG-A has it. */
export interface DeviationInput {
  /** host_ip by row, each once. */
  readonly hosts: readonly string[];
  /** segment_id by row. */
  readonly segmentIds: readonly string[];
  /** Row-major, FEATURE_COUNT values a row. */
  readonly features: Float64Array;
  /** FG-A's pair context of these hosts. */
  readonly pairs: WindowPairs;
  readonly beacons: BeaconRows;
  /** The rows' band: they all end at one instant. */
  readonly timeBand: CalendarFeatures['time_band'];
}

/** What a publication says, packed. */
export interface PackedBaselines {
  readonly hosts: HostPack;
  readonly segments: SegmentPack;
  /** undefined only where pair counts are switched off. */
  readonly pairs: KnownPairs | undefined;
}

/** The deviations of a shard's rows from one horizon's baselines. */
export interface FgCRows {
  readonly length: number;
  /** segment_id by row. */
  readonly segmentIds: readonly string[];
  /** Column-major, on shared memory: column c of row r at c * length + r; columns are those of deviationPlaces. */
  readonly values: Float64Array;
  /** Place in BASELINE_SOURCES. */
  readonly source: Uint8Array;
  readonly isCold: Uint8Array;
  readonly violatesTimeBand: Uint8Array;
  readonly pairs: RarestPairs;
  readonly beacons: BeaconRows;
  readonly fallbacks: Readonly<Fallbacks>;
}

/** First columns of the groups of `values`, in their order: transforms, suspicions, behaviours, scores, weighted pairs. */
export interface DeviationPlaces {
  readonly suspicions: number;
  readonly behaviours: number;
  /** anomaly_strength_core, exfiltration_suspicion_score, lateral_movement_score. */
  readonly scores: number;
  readonly weightedPairs: number;
  readonly count: number;
}

export function deviationPlaces(options: DeviationOptions): DeviationPlaces {
  const suspicions = options.metrics.length * options.transforms.length;
  const behaviours = suspicions + options.suspicionMetrics.length * SUSPICION_NAMES.length;
  const scores = behaviours + 2 * BEHAVIOUR_INPUTS.length;
  const weightedPairs = scores + 3;
  return { suspicions, behaviours, scores, weightedPairs, count: weightedPairs + options.rarePairMetrics.length };
}

/**
 * Compares every row with the baseline of its host: its own where it is warm, else its segment's, else the project's; metric
 * by metric the next coarser one where the chosen has no support.
 *
 * @throws {Error} for packs that were made for other options, and beacons or features of another number of rows.
 */
export function deviationsOf(input: DeviationInput, baselines: PackedBaselines, options: DeviationOptions): FgCRows {
  const { hosts, segmentIds, features, timeBand } = input;
  const layout = statisticLayoutOf(options);
  checkInput(input, baselines, layout, options);
  const choice = chooseBaselines(hosts, segmentIds, timeBand, baselines.hosts, baselines.segments, layout);
  const pairs = rarestPairsOf(
    hosts,
    segmentIds,
    choice.isCold.map((isCold) => 1 - isCold),
    input.pairs,
    knownPairs(baselines, options),
  );
  const { fallbacks } = choice;
  fallbacks.pair_from_segment = pairs.fromSegment;
  fallbacks.pair_unseen = pairs.unseen;
  if (!options.pairCountsEnabled) fallbacks.pair_counts_disabled = hosts.length;

  const length = hosts.length;
  const values = new Float64Array(new SharedArrayBuffer(deviationPlaces(options).count * length * 8));
  const block = createDeviationBlock(features, baselines.hosts.values, choice);
  const write = columnsWriter({ block, layout, options, values, length, rarity: pairs.score });
  for (let first = 0; first < length; first += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, length - first);
    block.move(first, count);
    write(first, count);
  }
  return {
    ...{
      length,
      segmentIds,
      values,
      source: choice.source,
      isCold: choice.isCold,
      pairs,
      beacons: input.beacons,
      fallbacks,
    },
    violatesTimeBand: bandViolations(choice, baselines.hosts, timeBand),
  };
}

interface Writing {
  readonly block: DeviationBlock;
  readonly layout: StatisticLayout;
  readonly options: DeviationOptions;
  readonly values: Float64Array;
  readonly length: number;
  /** pair_rarity_score by row. */
  readonly rarity: Float64Array;
}

/** Returns what writes every column of the block's rows. */
function columnsWriter({ block, layout, options, values, length, rarity }: Writing) {
  const { zMax, transforms, exfil } = options;
  const places = deviationPlaces(options);
  const centredAt = placesOf(layout.centred, 0);
  const suspicionAt = placesOf(layout.suspicion, layout.suspicionAt);
  const behaviourOf = new Map(layout.behaviours.map(({ name }, i) => [name, i]));
  const columnOf = new Map(BEHAVIOUR_INPUTS.map(({ metric }, i) => [metric, places.behaviours + 2 * i]));
  const published = new Set(options.metrics);
  const metrics = options.metrics.map((name) => {
    const metric = metricNamed(name);
    return { metric, at: centredAt.get(name)!, floor: floorOf(metric.kind) };
  });
  const median = new Float64Array(ROWS_AT_ONCE);
  const bent = new Float64Array(ROWS_AT_ONCE);
  const clippedZ = new Float64Array(ROWS_AT_ONCE);
  const own = new Float64Array(layout.behaviours.length * ROWS_AT_ONCE);
  const sent = metricNamed(exfil.minBytesOf);

  /** z_mad_clipped of a metric. */
  const readClipped = (name: string, count: number): void => {
    block.readValues(metricNamed(name));
    block.readChosen(centredAt.get(name)!, block.x, false);
    writeTransform('z_mad_clipped', block, count, 0, zMax, clippedZ, 0);
  };
  /** Mean of what is above 0 of some behaviours. */
  const meanAbove = (names: readonly string[], i: number): number => {
    let sum = 0;
    for (const name of names) sum += Math.max(0, own[behaviourOf.get(name)! * ROWS_AT_ONCE + i]!);
    return names.length === 0 ? 0 : sum / names.length;
  };

  return (first: number, count: number): void => {
    for (let m = 0; m < metrics.length; m++) {
      const { metric, at, floor } = metrics[m]!;
      block.readValues(metric);
      block.readChosen(at, block.x, true);
      for (let t = 0; t < transforms.length; t++) {
        const column = m * transforms.length + t;
        writeTransform(transforms[t]!, block, count, floor, zMax, values, column * length + first);
      }
    }
    options.suspicionMetrics.forEach((name, s) => {
      const metric = metricNamed(name);
      block.readValues(metric);
      block.readChosen(centredAt.get(name)!, block.x, !published.has(name));
      median.set(block.centre);
      block.readChosen(suspicionAt.get(name)!, block.x, false);
      const column = places.suspicions + s * SUSPICION_NAMES.length;
      writeSuspicions(block, median, count, floorOf(metric.kind), values, column * length + first, length);
    });
    layout.behaviours.forEach((metric, b) => {
      const at = layout.behavioursAt + 2 * b;
      block.readValues(metric);
      bendValues(block.x, count, transformOf(metric.kind), bent);
      block.readChosen(at, bent, !centredAt.has(metric.name));
      writeBehaviours(bent, block, count, own, b * ROWS_AT_ONCE);
      const column = columnOf.get(metric.name);
      if (column === undefined) return;
      for (let i = 0; i < count; i++) values[column * length + first + i] = own[b * ROWS_AT_ONCE + i]!;
      block.readSegments(at, bent);
      writeBehaviours(bent, block, count, values, (column + 1) * length + first);
    });
    const strengthAt = places.scores * length + first;
    for (const name of options.anomalyStrengthMetrics) {
      readClipped(name, count);
      for (let i = 0; i < count; i++) {
        values[strengthAt + i] = Math.max(values[strengthAt + i]!, Math.abs(clippedZ[i]!));
      }
    }
    block.readValues(sent);
    for (let i = 0; i < count; i++) {
      const isEnough = block.x[i]! >= exfil.minBytes;
      values[strengthAt + length + i] = isEnough ? meanAbove(exfil.metrics, i) : 0;
      values[strengthAt + 2 * length + i] = meanAbove(options.lateralMetrics, i);
    }
    options.rarePairMetrics.forEach((name, p) => {
      readClipped(name, count);
      const at = (places.weightedPairs + p) * length + first;
      for (let i = 0; i < count; i++) values[at + i] = rarity[first + i] === 0 ? 0 : rarity[first + i]! * clippedZ[i]!;
    });
  };
}

const placesOf = (metrics: readonly BaselineMetric[], from: number): ReadonlyMap<string, number> =>
  new Map(metrics.map(({ name }, i) => [name, from + 2 * i]));

function bandViolations(
  { hostAt, host }: BaselineChoice,
  { activeDays, workingShare }: HostPack,
  timeBand: CalendarFeatures['time_band'],
): Uint8Array {
  return Uint8Array.from(hostAt, (at, row) => {
    const place = host[row]!;
    return at >= 0 && violatesTimeBand(timeBand, activeDays[place]!, workingShare[place]!) ? 1 : 0;
  });
}

function knownPairs({ pairs }: PackedBaselines, { pairCountsEnabled }: DeviationOptions): KnownPairs | undefined {
  if (!pairCountsEnabled || pairs !== undefined) return pairCountsEnabled ? pairs : undefined;
  throw new Error(
    'deviations: the publication has no pair tables, and pair_counts.enabled is true: publish baselines with them, or switch them off',
  );
}

function checkInput(
  { hosts, segmentIds, features, beacons }: DeviationInput,
  { hosts: hostPack, segments }: PackedBaselines,
  layout: StatisticLayout,
  { segmentMinHosts }: DeviationOptions,
): void {
  const rows = hosts.length;
  const faults: string[] = [];
  const others = {
    segmentIds: segmentIds.length,
    features: features.length / FEATURE_COUNT,
    beacons: beacons.score.length,
  };
  for (const [name, found] of Object.entries(others)) {
    if (found !== rows) faults.push(`${name} of ${found} rows beside ${rows} hosts`);
  }
  if (hostPack.layout !== layout.id) faults.push('packed hosts hold other metrics than the spec reads');
  if (segments.layout !== layout.id) faults.push('packed segments hold other metrics than the spec reads');
  if (segments.minHosts !== segmentMinHosts) {
    faults.push(`packed segments have at least ${segments.minHosts} hosts, the spec says ${segmentMinHosts}`);
  }
  if (faults.length > 0) throw new Error(`deviations: ${faults.join('; ')}; pack the publication again`);
}
