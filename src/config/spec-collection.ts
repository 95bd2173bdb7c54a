import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';
import { type DeltaBuilder, decodeDeltaBuilder } from './delta-builder.ts';
import { decodeFgABuilder, type FgABuilder } from './fg-a-builder.ts';
import { decodeFgBBuilder, type FgBBuilder } from './fg-b-builder.ts';
import { decodeFgCBuilder, type FgCBuilder } from './fg-c-builder.ts';
import { decodeMachineInventory, decodeNonPersistentPrefixes, type MachineInventory } from './machine-inventory.ts';
import { decodePairCountsBuilder, type PairCountsBuilder } from './pair-counts-builder.ts';
import { decodeProjectParameters, type ProjectParameters } from './project-parameters.ts';
import { itemFor, readSpecItems, type SpecItem } from './spec-items.ts';
import { attempt, type Decoded, placeOf, SpecError, type SpecPlace } from './spec-payload.ts';

export interface SpecQuestion {
  readonly project: string;
  readonly version: string;
  /** Items of the parameters table as they are stored; those of other projects and versions are passed over. */
  readonly items: readonly unknown[];
  /** Parsed JSON documents by the location at which an item or a spec names them. */
  readonly documents?: Readonly<Record<string, unknown>> | undefined;
}

/** Jobs that the way of a mini-batch reads: their digests say what it was computed from. */
const BATCH_JOBS = [
  'project_parameters',
  'delta_builder',
  'fg_a_builder',
  'pair_counts_builder',
  'fg_c_builder',
] as const;
/** Jobs whose specs show only in the baselines that they make. */
const BASELINE_JOBS = ['fg_b_builder', 'machine_inventory_unload', 'non_persistent_prefixes'] as const;
const READ_JOBS = [...BATCH_JOBS, ...BASELINE_JOBS];
export type BatchJob = (typeof READ_JOBS)[number];

export interface SpecCollection {
  readonly parameters: ProjectParameters;
  readonly delta: DeltaBuilder;
  readonly fgA: FgABuilder;
  readonly pairCounts: PairCountsBuilder;
  readonly fgB: FgBBuilder;
  readonly fgC: FgCBuilder;
  readonly inventory: MachineInventory;
  readonly nonPersistentPrefixes: readonly string[];
  /** Jobs that have an item. */
  readonly present: ReadonlySet<BatchJob>;
  readonly digests: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

/** Decodes the specs of a project and version, each for itself. Throws one SpecError with the faults of all of them. */
export function collectSpecs({ project, version, items: stored, documents = {} }: SpecQuestion): SpecCollection {
  const { items, warnings: itemWarnings } = readSpecItems(stored);
  const faults: string[] = [];
  const warnings = [...itemWarnings];
  const digests: Record<string, string> = {};
  const present = new Set<BatchJob>();
  const decode = <T>(job: BatchJob, decoder: (payload: unknown, where: SpecPlace) => Decoded<T>): T | undefined => {
    const item = itemFor(items, project, job, version);
    if (item !== undefined) present.add(job);
    const where = { job, version, project };
    const payload = payloadOf(item, documents);
    if ((BATCH_JOBS as readonly string[]).includes(job)) digests[job] = digestOf(withoutPointers(payload));
    if (typeof payload === 'string') {
      faults.push(
        `${placeOf(where)}: spec: is ${JSON.stringify(payload)}, which could not be read; put a JSON object there`,
      );
      return undefined;
    }
    return attempt(() => decoder(payload, where), faults, warnings);
  };
  const fgB = decode('fg_b_builder', decodeFgBBuilder);
  const parameters = decode('project_parameters', (payload, where) =>
    decodeProjectParameters(payload, where, fgB?.mapping.pointerKey),
  );
  const delta = decode('delta_builder', decodeDeltaBuilder);
  const fgA = decode('fg_a_builder', decodeFgABuilder);
  const pairCounts = decode('pair_counts_builder', decodePairCountsBuilder);
  const fgC = decode('fg_c_builder', decodeFgCBuilder);
  const inventory = decode('machine_inventory_unload', decodeMachineInventory);
  const nonPersistentPrefixes = decode('non_persistent_prefixes', decodeNonPersistentPrefixes);
  if (!parameters || !delta || !fgA || !pairCounts || !fgB || !fgC || !inventory || !nonPersistentPrefixes)
    throw new SpecError(faults, warnings);
  return {
    ...{ parameters, delta, fgA, pairCounts, fgB, fgC, inventory, nonPersistentPrefixes },
    ...{ present, digests, warnings },
  };
}

/** The payload itself, or the document that stands in its place. */
function payloadOf(item: SpecItem | undefined, documents: Readonly<Record<string, unknown>>): unknown {
  const payload = item?.payload ?? {};
  return typeof payload === 'string' ? (documents[payload] ?? payload) : payload;
}

/** What a job wrote into the project's parameters: it moves every month, and no feature follows from it. */
const POINTER = /^ip_machine_mapping_/;

function withoutPointers(payload: unknown): unknown {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return payload;
  return Object.fromEntries(Object.entries(payload).filter(([name]) => !POINTER.test(name)));
}

/** Sha256, hex, of the canonical JSON. */
export function digestOf(payload: unknown): string {
  return createHash('sha256').update(canonicalJson(payload)).digest('hex');
}

/**
 * Locations of documents that the specs name and `documents` lacks. A payload that is a document of its own may name
 * another: ask again with what was fetched, until nothing is needed.
 */
export function documentsNeeded(question: SpecQuestion): string[] {
  const { project, version, documents = {} } = question;
  const { items } = readSpecItems(question.items);
  const needed = READ_JOBS.flatMap((job) => {
    const payload = payloadOf(itemFor(items, project, job, version), documents);
    if (typeof payload === 'string') return [payload];
    if (job !== 'delta_builder') return [];
    const location = attempt(() => decodeDeltaBuilder(payload, { job, version, project }), [], [])?.portSetsLocation;
    return location === undefined || location === null || Object.hasOwn(documents, location) ? [] : [location];
  });
  return [...new Set(needed)];
}
