import { decodeRoute } from '../config/routing.ts';
import { documentsNeeded } from '../config/spec-collection.ts';
import { readSpecItems } from '../config/spec-items.ts';
import { SpecError } from '../config/spec-payload.ts';
import type { Json } from '../state/items.ts';
import { isSame } from '../state/items.ts';
import type { SpecSource, StoredRecord } from '../state/specs.ts';

/** Specs and routes that new tables are to hold. */
export interface Seeds {
  readonly items: readonly StoredRecord[];
  readonly routes: readonly StoredRecord[];
  readonly warnings: readonly string[];
}

/** Throws a SpecError with every fault of items and routes. */
export async function readSeeds(source: SpecSource): Promise<Seeds> {
  const [items, routes] = [await source.items(), await source.routes()];
  const known = readSpecItems(items);
  const warnings = [...known.warnings];
  const faults: string[] = [];
  for (const route of routes) {
    try {
      warnings.push(...decodeRoute(route).warnings);
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      faults.push(...error.faults);
    }
  }
  if (faults.length > 0) throw new SpecError(faults);
  const streams = new Set(known.items.map(({ project, version }) => JSON.stringify([project, version ?? ''])));
  for (const stream of streams) {
    const [project, version] = JSON.parse(stream) as [string, string];
    for (const location of documentsNeeded({ project, version, items }))
      if (!location.startsWith('s3://'))
        warnings.push(
          `project ${project}: ${location} is named by a spec, but who reads the table reads documents from S3 only; put it there`,
        );
  }
  return { items, routes, warnings };
}

export const nameOfItem = (item: StoredRecord): string => `${item['project_name']}/${item['job_name']}`;
export const nameOfRoute = (route: StoredRecord): string => String(route['org_key']);

/** Where a stored record does not say what the seed says, by path; what it says beyond that is its own. */
export function differingPaths(seed: StoredRecord, stored: StoredRecord): string[] {
  return Object.entries(seed).flatMap(([name, value]) => pathsOf(value, stored[name], name));
}

function pathsOf(seed: unknown, stored: unknown, path: string): string[] {
  if (!isMap(seed) || !isMap(stored)) return isSame(seed as Json, (stored ?? null) as Json) ? [] : [path];
  const names = new Set([...Object.keys(seed), ...Object.keys(stored)]);
  return [...names].flatMap((name) => pathsOf(seed[name] ?? null, stored[name] ?? null, `${path}.${name}`));
}

const isMap = (value: unknown): value is StoredRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
