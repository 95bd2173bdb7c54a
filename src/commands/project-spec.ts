import type { BatchSpec } from '../config/batch-spec.ts';
import { resolveBatchSpec, sharedPrefixFaults } from '../config/job-specs.ts';
import { documentsNeeded } from '../config/spec-collection.ts';
import { DEFAULT_VERSION, readSpecItems } from '../config/spec-items.ts';
import { SpecError } from '../config/spec-payload.ts';
import { resolveFeatureSpecVersion } from '../config/spec-version.ts';
import type { SpecSource } from '../state/specs.ts';

/**
 * What a project's specs say under a version, the only one where `explicit` is null. Throws a SpecError with every fault,
 * also where another project writes under one of its prefixes.
 */
export async function readProjectSpec(
  source: SpecSource,
  project: string,
  explicit: string | null,
): Promise<BatchSpec> {
  const stored = await source.items();
  const own = await resolveSpec(source, stored, project, explicit);
  const projects = new Set(readSpecItems(stored).items.map((item) => item.project));
  const others: BatchSpec[] = [];
  for (const name of projects) {
    if (name === project) continue;
    // What is wrong with another project is said when that one is run.
    const other = await resolveSpec(source, stored, name, null).catch((error: unknown) => {
      if (!(error instanceof SpecError)) throw error;
      return undefined;
    });
    if (other !== undefined) others.push(other);
  }
  const faults = sharedPrefixFaults([...others, own]);
  if (faults.length > 0) throw new SpecError(faults.map((fault) => `${fault}; give each project a prefix of its own`));
  return own;
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
