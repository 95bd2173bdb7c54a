import { agreeOnBaselines } from './baseline-agreement.ts';
import type { BatchSpec } from './batch-spec.ts';
import { DEFAULT_MIN_DAYS, DEFAULT_RARE_THRESHOLD } from './fg-a-builder.ts';
import { decodePortSets, defaultPortSets, layerPortSets, MAX_FURTHER_SETS, type PortSets } from './port-sets.ts';
import { datasetRoot } from './prefix-types.ts';
import { reconcileSpecs } from './spec-agreement.ts';
import { collectSpecs, digestOf, type SpecCollection, type SpecQuestion } from './spec-collection.ts';
import { attempt, SpecError } from './spec-payload.ts';

/**
 * Resolves everything that the way of a mini-batch needs to know of a project's specs. Per job the version's own item
 * wins over the bare one; a missing item is an empty one. Throws one SpecError with the faults of all items.
 */
export function resolveBatchSpec(question: SpecQuestion): BatchSpec {
  const { project, version } = question;
  const specs = collectSpecs(question);
  const { parameters, delta, fgA, pairCounts, fgB, fgC } = specs;
  const agreement = reconcileSpecs(specs, version);
  const portSets = resolvePortSets(specs, question);
  const minDays = fgA.lookback.minDays ?? parameters.lookback.minDays ?? DEFAULT_MIN_DAYS;
  const { baselines, deviation, ...further } = agreeOnBaselines(specs, version, minDays);
  const faults = [...agreement.faults, ...portSets.faults, ...further.faults];
  const warnings = [...specs.warnings, ...agreement.warnings, ...portSets.warnings];
  if (faults.length > 0) throw new SpecError(faults, warnings);

  const own = fgA.lookback;
  const shared = parameters.lookback;
  const threshold = (kind: 'peer' | 'port' | 'pair'): number =>
    own.rareThresholds[kind] ?? shared.rareThresholds[kind] ?? DEFAULT_RARE_THRESHOLD;
  return deepFreeze({
    project,
    featureSpecVersion: version,
    mlProjectName: parameters.mlProjectName ?? parameters.defaults.mlProjectName ?? project,
    hostNetworks: parameters.hostNetworks,
    infrastructure: parameters.infrastructure,
    segmentMapping: agreement.segmentMapping,
    calendar: parameters.calendar,
    windowFloorMinutes: parameters.windowFloorMinutes,
    pairCap: parameters.pairCap,
    input: delta.input,
    fieldMapping: delta.fieldMapping,
    dq: delta.dq,
    denyActions: delta.denyActions,
    denyReasons: delta.denyReasons,
    portSets: portSets.sets,
    vdiHostnamePrefixes: delta.vdiHostnamePrefixes,
    roles: delta.roles,
    operators: delta.operators,
    fgA: {
      enabled: agreement.fgAEnabled,
      highRiskSegments: agreement.highRiskSegments,
      lookbackMinDays: minDays,
      rareThresholds: { peer: threshold('peer'), port: threshold('port'), pair: threshold('pair') },
    },
    pairCounts: pairCounts.filters,
    baselines,
    deviation,
    outputs: {
      delta: datasetRoot(delta.outputPrefix, 'delta'),
      pair_context: datasetRoot(delta.pairContextOutputPrefix, 'pair_context'),
      pair_counts: datasetRoot(pairCounts.outputPrefix, 'pair_counts'),
      fg_a: datasetRoot(fgA.outputPrefix, 'fg_a'),
      fg_a_pair_context: datasetRoot(fgA.pairContextOutputPrefix, 'fg_a_pair_context'),
      fg_b: datasetRoot(fgB.outputPrefix, 'fg_b'),
      fg_c: datasetRoot(fgC.outputPrefix, 'fg_c'),
    },
    defaults: parameters.defaults,
    digests: { ...specs.digests, ...portSets.digests },
    warnings,
  });
}

interface ResolvedPortSets {
  readonly sets: PortSets;
  readonly digests: Readonly<Record<string, string>>;
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

/** Sets of the payload win over those of the document that it names, and those over the defaults. */
function resolvePortSets({ delta }: SpecCollection, { version, documents = {} }: SpecQuestion): ResolvedPortSets {
  const { portSetsLocation: location, portSets } = delta;
  const place = `delta_builder#${version}: enrichment`;
  const faults: string[] = [];
  const warnings: string[] = [];
  const content = location === null ? {} : documents[location];
  const where = `${place}.port_sets_location ${location}`;
  if (content === undefined) faults.push(`${where}: could not be read; put a JSON object of port lists there`);
  const document = attempt(() => decodePortSets(content, where), faults, warnings);
  const sets = layerPortSets(defaultPortSets(), document ?? {}, portSets);
  if (sets === undefined) faults.push(`${place}.port_sets: has more than ${MAX_FURTHER_SETS} sets of its own`);
  return {
    sets: sets ?? {},
    digests: location === null ? {} : { port_sets: digestOf(content ?? null) },
    faults,
    warnings,
  };
}

/** Two projects that write under one prefix would mix their hosts. */
export function sharedPrefixFaults(specs: readonly BatchSpec[]): string[] {
  const holder = new Map<string, string>();
  const faults: string[] = [];
  for (const { project, featureSpecVersion, outputs } of specs) {
    for (const [dataset, root] of Object.entries(outputs)) {
      if (root === null) continue;
      const other = holder.get(root) ?? project;
      holder.set(root, other);
      if (other === project) continue;
      faults.push(
        `project ${project}, ${featureSpecVersion}: ${dataset} goes to ${root}, where project ${other} writes its own`,
      );
    }
  }
  return faults;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
