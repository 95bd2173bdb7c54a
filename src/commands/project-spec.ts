import type { BatchSpec } from '../config/batch-spec.ts';
import { resolveBatchSpec, sharedPrefixFaults } from '../config/job-specs.ts';
import { documentsNeeded } from '../config/spec-collection.ts';
import { DEFAULT_VERSION, readSpecItems } from '../config/spec-items.ts';
import { SpecError } from '../config/spec-payload.ts';
import { resolveFeatureSpecVersion } from '../config/spec-version.ts';
import type { SpecSource } from '../state/specs.ts';

/** The specs of all projects as they stood at one moment. */
export interface SpecReading {
  /**
   * What a project's specs say under a version, the only one where `explicit` is null. Throws a SpecError with every fault,
   * also where another project writes under one of its prefixes.
   */
  specOf(project: string, explicit: string | null): Promise<BatchSpec>;
}

/** Reads the items of all projects; what they come to is worked out once, when it is first asked for. */
async function readSpecs(source: SpecSource): Promise<SpecReading> {
  const stored = await source.items();
  const projects = new Set(readSpecItems(stored).items.map((item) => item.project));
  const resolved = new Map<string, Promise<BatchSpec>>();
  const resolve = (project: string, explicit: string | null): Promise<BatchSpec> => {
    const key = JSON.stringify([project, explicit]);
    const known = resolved.get(key) ?? resolveSpec(source, stored, project, explicit);
    resolved.set(key, known);
    return known;
  };
  return {
    async specOf(project, explicit) {
      const own = await resolve(project, explicit);
      const others: BatchSpec[] = [];
      for (const name of projects) {
        if (name === project) continue;
        // What is wrong with another project is said when that one is run.
        const other = await resolve(name, null).catch((error: unknown) => {
          if (!(error instanceof SpecError)) throw error;
          return undefined;
        });
        if (other !== undefined) others.push(other);
      }
      const faults = sharedPrefixFaults([...others, own]);
      if (faults.length > 0)
        throw new SpecError(faults.map((fault) => `${fault}; give each project a prefix of its own`));
      return own;
    },
  };
}

/**
 * A reading that serves all who ask within `keptMs`: what many streams ask for is read for all of them at once.
 *
 * @param clock ms
 */
export function shareSpecs(source: SpecSource, keptMs: number, clock: () => number): SpecReading {
  let reading: Promise<SpecReading> | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  return {
    async specOf(project, explicit) {
      if (reading === undefined || clock() - readAt >= keptMs) {
        reading = readSpecs(source);
        readAt = clock();
      }
      const current = reading;
      try {
        return await (await current).specOf(project, explicit);
      } catch (error) {
        // What is wrong stays wrong until it is read anew; what could not be read may be there the next time.
        if (!(error instanceof SpecError) && reading === current) reading = undefined;
        throw error;
      }
    },
  };
}

export async function readProjectSpec(
  source: SpecSource,
  project: string,
  explicit: string | null,
): Promise<BatchSpec> {
  return (await readSpecs(source)).specOf(project, explicit);
}

async function resolveSpec(
  source: SpecSource,
  items: readonly unknown[],
  project: string,
  explicit: string | null,
): Promise<BatchSpec> {
  const known = readSpecItems(items).items;
  const version = resolveFeatureSpecVersion({ items: known, project, explicit, fallback: DEFAULT_VERSION });
  const documents: Record<string, unknown> = {};
  for (;;) {
    const needed = documentsNeeded({ project, version, items, documents }).filter((at) => !(at in documents));
    if (needed.length === 0) break;
    for (const location of needed) documents[location] = await source.document(location);
  }
  return resolveBatchSpec({ project, version, items, documents });
}
