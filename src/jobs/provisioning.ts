import type { BucketUpkeep } from '../state/bucket-upkeep.ts';
import type { SpecStore, StoredRecord } from '../state/specs.ts';
import { keysOf, type TableShape, type Tables } from '../state/tables.ts';
import { differingPaths, nameOfItem, nameOfRoute, type Seeds } from './seeds.ts';

export interface ProvisioningDeps {
  readonly tables: Tables;
  readonly specs: SpecStore;
  readonly upkeep: BucketUpkeep;
  readonly stop: AbortSignal;
  /** Told before what may take a while. */
  readonly onProgress: (line: string) => void;
}

export interface Wanted {
  readonly shapes: { readonly parameters: TableShape; readonly routing: TableShape; readonly batchIndex: TableShape };
  readonly seeds: Seeds;
  /** `s3://` places that are written to. */
  readonly places: readonly string[];
}

export interface Provisioned {
  readonly what: 'table' | 'recovery' | 'spec' | 'route' | 'upkeep';
  readonly name: string;
  /**
   * `stands`: it was there. `made`: it was not, and is now. `missing`: it is not; a dry run would make it. `differs`: it is
   * there, is something else, and stays. `unknown`: the server does not know such a thing.
   */
  readonly is: 'stands' | 'made' | 'missing' | 'differs' | 'unknown';
  /** What differs. */
  readonly note: string | null;
}

/** Makes what is not there of tables, their recovery, specs, routes and rules of buckets. Nothing that is there is changed. */
export async function* provision(
  deps: ProvisioningDeps,
  wanted: Wanted,
  isDryRun: boolean,
): AsyncGenerator<Provisioned> {
  const { tables, specs, upkeep, stop, onProgress } = deps;
  const { parameters, routing } = wanted.shapes;
  const shapes = Object.values(wanted.shapes);
  const present = await presentTables(tables, shapes);

  for (const shape of shapes) {
    if (stop.aborted) return;
    const { name } = shape;
    if (!present.has(name) && !isDryRun) {
      onProgress(`table ${name} is being made`);
      await tables.create(shape);
    }
    yield step('table', name, present.has(name), isDryRun);
    const recovery = present.has(name) || !isDryRun ? await tables.recovery(name) : 'off';
    const after = recovery === 'off' && !isDryRun ? await tables.switchRecoveryOn(name) : recovery;
    if (after === 'unknown to the server') yield { what: 'recovery', name, is: 'unknown', note: null };
    else yield step('recovery', name, recovery === 'on', isDryRun);
  }

  const { items, routes } = wanted.seeds;
  const storedItems = isDryRun && present.has(parameters.name) ? await specs.items() : [];
  yield* seed('spec', items, nameOfItem, isDryRun ? findIn(storedItems, nameOfItem) : specs.addItem, deps, isDryRun);
  const storedRoutes = isDryRun && present.has(routing.name) ? await specs.routes() : [];
  yield* seed(
    'route',
    routes,
    nameOfRoute,
    isDryRun ? findIn(storedRoutes, nameOfRoute) : specs.addRoute,
    deps,
    isDryRun,
  );

  for (const place of wanted.places) {
    if (stop.aborted) return;
    const is = await upkeep.clearsUploads(place);
    const after = is === false && !isDryRun ? await upkeep.clearUploads(place) : is;
    if (after === 'unknown to the server') yield { what: 'upkeep', name: place, is: 'unknown', note: null };
    else yield step('upkeep', place, is === true, isDryRun);
  }
}

const step = (what: Provisioned['what'], name: string, wasThere: boolean, isDryRun: boolean): Provisioned => ({
  what,
  name,
  is: wasThere ? 'stands' : isDryRun ? 'missing' : 'made',
  note: null,
});

/** The names of the tables that are there. Throws where one has other keys: before anything was made. */
async function presentTables(tables: Tables, shapes: readonly TableShape[]): Promise<ReadonlySet<string>> {
  const present = new Set<string>();
  const faults: string[] = [];
  for (const shape of shapes) {
    const found = await tables.find(shape.name);
    if (found === undefined) continue;
    present.add(shape.name);
    if (found.partitionKey !== shape.partitionKey || found.sortKey !== shape.sortKey)
      faults.push(`table ${shape.name} has ${keysOf(found)}, expected ${keysOf(shape)}`);
  }
  if (faults.length > 0)
    throw new Error(`${faults.join('\n')}\nkeys cannot be changed: name other tables with tables.*, or remove these`);
  return present;
}

type Add = (record: StoredRecord) => Promise<StoredRecord | undefined>;

/** Adds nothing: says what is there. */
function findIn(stored: readonly StoredRecord[], nameOf: (record: StoredRecord) => string): Add {
  const byName = new Map(stored.map((record) => [nameOf(record), record]));
  return async (record) => byName.get(nameOf(record));
}

async function* seed(
  what: 'spec' | 'route',
  records: readonly StoredRecord[],
  nameOf: (record: StoredRecord) => string,
  add: Add,
  { stop }: ProvisioningDeps,
  isDryRun: boolean,
): AsyncGenerator<Provisioned> {
  for (const record of records) {
    if (stop.aborted) return;
    const name = nameOf(record);
    const stored = await add(record);
    const differing = stored === undefined ? [] : differingPaths(record, stored);
    if (differing.length === 0) yield step(what, name, stored !== undefined, isDryRun);
    else yield { what, name, is: 'differs', note: differing.join(', ') };
  }
}
