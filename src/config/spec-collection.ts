import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';
import { type DeltaBuilder, decodeDeltaBuilder } from './delta-builder.ts';
import { decodeFgABuilder, type FgABuilder } from './fg-a-builder.ts';
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

/** Jobs that the way of a mini-batch reads. */
export type BatchJob = 'project_parameters' | 'delta_builder' | 'fg_a_builder' | 'pair_counts_builder';

export interface SpecCollection {
  readonly parameters: ProjectParameters;
  readonly delta: DeltaBuilder;
  readonly fgA: FgABuilder;
  readonly pairCounts: PairCountsBuilder;
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
    digests[job] = digestOf(payload);
    if (typeof payload === 'string') {
      faults.push(
        `${placeOf(where)}: spec: is ${JSON.stringify(payload)}, which could not be read; put a JSON object there`,
      );
      return undefined;
    }
    return attempt(() => decoder(payload, where), faults, warnings);
  };
  const parameters = decode('project_parameters', decodeProjectParameters);
  const delta = decode('delta_builder', decodeDeltaBuilder);
  const fgA = decode('fg_a_builder', decodeFgABuilder);
  const pairCounts = decode('pair_counts_builder', decodePairCountsBuilder);
  if (!parameters || !delta || !fgA || !pairCounts) throw new SpecError(faults, warnings);
  return { parameters, delta, fgA, pairCounts, present, digests, warnings };
}

/** The payload itself, or the document that stands in its place. */
function payloadOf(item: SpecItem | undefined, documents: Readonly<Record<string, unknown>>): unknown {
  const payload = item?.payload ?? {};
  return typeof payload === 'string' ? (documents[payload] ?? payload) : payload;
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
  const needed = (['project_parameters', 'delta_builder', 'fg_a_builder', 'pair_counts_builder'] as const).flatMap(
    (job) => {
      const payload = payloadOf(itemFor(items, project, job, version), documents);
      if (typeof payload === 'string') return [payload];
      if (job !== 'delta_builder') return [];
      const location = attempt(() => decodeDeltaBuilder(payload, { job, version, project }), [], [])?.portSetsLocation;
      return location === undefined || location === null || Object.hasOwn(documents, location) ? [] : [location];
    },
  );
  return [...new Set(needed)];
}
