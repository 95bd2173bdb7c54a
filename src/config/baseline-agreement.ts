import { BASELINE_METRICS } from '../operators/baseline-metrics.ts';
import { CURATED_METRICS, DEFAULT_DEVIATION_OPTIONS, metricsReadBy } from '../operators/deviation-metrics.ts';
import type { BaselineSpec, DeviationSpec, InventorySpec, JoinKey } from './baseline-spec.ts';
import { DEFAULT_JOIN_KEYS } from './baseline-types.ts';
import { MAPPING_COLUMNS, MAPPING_CONTRACT } from './machine-inventory.ts';
import type { SpecCollection } from './spec-collection.ts';

export interface BaselineAgreement {
  readonly baselines: BaselineSpec;
  readonly deviation: DeviationSpec;
  readonly faults: readonly string[];
}

const COLUMNS = BASELINE_METRICS.map(({ name }) => name);
const NAMED = 6;

/** What the specs of one project say of baselines and of what is compared with them. */
export function agreeOnBaselines(specs: SpecCollection, version: string, minDays: number): BaselineAgreement {
  const { fgB, fgC, delta, nonPersistentPrefixes } = specs;
  const faults: string[] = [];
  const joinKeys = fgB.joinKeys ?? fgC.joinKeys ?? DEFAULT_JOIN_KEYS;
  if (fgC.joinKeys !== undefined && !sameKeys(joinKeys, fgC.joinKeys))
    faults.push(
      `fg_c_builder#${version}: join_keys: are ${fgC.joinKeys.join(', ')}, but fg_b_builder#${version} has ` +
        `${joinKeys.join(', ')}; state them in fg_b_builder alone`,
    );
  const pairCountsEnabled = fgC.pairCountsEnabled ?? fgB.pairCounts.enabled;
  if (pairCountsEnabled && !fgB.pairCounts.enabled)
    faults.push(
      `fg_c_builder#${version}: pair_counts.enabled: is true, but fg_b_builder#${version} makes no pair tables; ` +
        'enable pair_counts there, or switch it off here',
    );

  const deviation: DeviationSpec = {
    horizons: fgC.horizons,
    require: fgC.require,
    effectDelayMs: fgC.effectDelayMs,
    timeBandJoin: joinKeys.includes('time_band'),
    metrics: [...CURATED_METRICS, ...inOrder(fgC.metrics.filter((name) => !CURATED_METRICS.includes(name)))],
    transforms: fgC.transforms,
    zMax: fgC.zMax,
    segmentMinHosts: fgC.segmentMinHosts,
    suspicionMetrics: fgC.suspicionMetrics,
    rarePairMetrics: fgC.rarePairMetrics,
    anomalyStrengthMetrics: fgC.anomalyStrengthMetrics,
    exfil: { ...fgC.exfil, minBytesOf: DEFAULT_DEVIATION_OPTIONS.exfil.minBytesOf },
    lateralMetrics: fgC.lateralMetrics,
    pairCountsEnabled,
  };
  const baselines: BaselineSpec = {
    horizons: fgB.horizons,
    headDays: fgB.headDays,
    joinKeys,
    supportMin: fgB.supportMin,
    supportMinDays: fgB.supportMinDays,
    metrics: fgB.metrics === undefined ? COLUMNS : inOrder(fgB.metrics),
    requiredMetrics: inOrder(fgB.requiredMetrics),
    capping: fgB.capping,
    maxGroupRows: fgB.maxGroupRows,
    pairCounts: { enabled: fgB.pairCounts.enabled, rarityThreshold: fgB.pairCounts.rarityThreshold },
    maxMissingRatio: fgB.maxMissingRatio,
    nonPersistentPrefixes: lowerCase([
      ...nonPersistentPrefixes,
      ...fgB.nonPersistentPrefixes,
      ...delta.vdiHostnamePrefixes,
    ]),
    minDays,
    inventory: inventoryOf(specs),
  };
  faults.push(...narrownessFaults(baselines, deviation, version));
  return { baselines, deviation, faults };
}

/** Baselines must hold what is read of them. */
function narrownessFaults(baselines: BaselineSpec, deviation: DeviationSpec, version: string): string[] {
  const made = new Set(baselines.metrics);
  const lack = (what: string, reader: string, needed: readonly string[]): string[] => {
    const missing = needed.filter((name) => !made.has(name));
    if (missing.length === 0) return [];
    const shown = missing.slice(0, NAMED).join(', ');
    const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : '';
    return [`fg_b_builder#${version}: ${what}: lacks ${shown}${more}, which ${reader}; add them, or leave it out`];
  };
  return [
    ...lack('baseline_metrics', `fg_c_builder#${version} and the behaviours read`, metricsReadBy(deviation)),
    ...lack('baseline_metrics', 'baseline_required_metrics asks for', baselines.requiredMetrics),
  ];
}

/** Names are read where a spec asks for them, or where a pointer to them stands. */
function inventoryOf({ fgB: { mapping }, inventory, parameters, present }: SpecCollection): InventorySpec | null {
  const pointer = parameters.mappingPointer;
  if (pointer === null && !mapping.stated && !present.has('machine_inventory_unload')) return null;
  return {
    pointerKey: mapping.pointerKey,
    pointer,
    ipColumn: mapping.ipColumn ?? inventory.ipColumn ?? MAPPING_COLUMNS.ip,
    nameColumn: mapping.nameColumn ?? inventory.nameColumn ?? MAPPING_COLUMNS.name,
    contractVersion: mapping.contractVersion ?? inventory.contractVersion ?? MAPPING_CONTRACT,
  };
}

const sameKeys = (a: readonly JoinKey[], b: readonly JoinKey[]): boolean => a.join() === b.join();

function inOrder(columns: readonly string[]): string[] {
  const listed = new Set(columns);
  return COLUMNS.filter((name) => listed.has(name));
}

const lowerCase = (prefixes: readonly string[]): string[] => [...new Set(prefixes.map((p) => p.toLowerCase()))].sort();
