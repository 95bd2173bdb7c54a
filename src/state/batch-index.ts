import { formatInstant, instantOfText, UTC } from '../operators/time.ts';
import {
  type Affected,
  type BatchItem,
  batchOfItem,
  batchToItem,
  type ManifestRef,
  type SettledSlice,
  sliceOfItem,
  sliceToItem,
  withoutSlash,
} from './batch-item.ts';
import { beginningWith, type Item, type Items } from './items.ts';
import { compareKeys } from './key-order.ts';
import { mapInOrder } from './map-in-order.ts';

export type Settlement =
  | { readonly is: 'settled'; readonly slice: SettledSlice; readonly isNew: boolean }
  /** The mini-batch is known with other raw files: two folders of one name, of which only the first counts. */
  | { readonly is: 'elsewhere'; readonly known: SettledSlice; readonly fault: string };

export interface CommittedBatch {
  readonly miniBatchId: string;
  readonly sliceEnd: number;
  readonly revision: number;
  readonly manifest: ManifestRef;
  readonly windowContent: string;
  readonly standsOn: string;
  readonly affected: Affected | null;
}

/** The authority on what is valid: which slice a mini-batch closes, and which revision of it counts. */
export interface BatchIndex {
  /** The first to settle a mini-batch wins; everyone hears the winner's slice. */
  settle(project: string, slice: SettledSlice): Promise<Settlement>;
  /** Replaces the settled slice by one that the operator gave, and keeps what it was. `nowMs`: when. */
  resettle(project: string, slice: SettledSlice, nowMs: number): Promise<Settlement>;
  settledSlice(project: string, miniBatchId: string): Promise<SettledSlice | undefined>;
  batch(project: string, version: string, miniBatchId: string): Promise<BatchItem | undefined>;
  /** Every mini-batch that the version has tried, by id. Reads them all. */
  batches(project: string, version: string): AsyncIterable<BatchItem>;
  /** Writes `next` only if the index still holds `present`, by revision, attempt token and sweep. */
  record(
    project: string,
    version: string,
    next: BatchItem,
    present: BatchItem | undefined,
  ): Promise<'stored' | 'conflict'>;
  /** Makes `committedBetween` cheap for a committed mini-batch. Derived: readers of a range write it where it is missing. */
  enterRange(project: string, version: string, batch: Pick<BatchItem, 'miniBatchId' | 'sliceEnd'>): Promise<void>;
  leaveRange(project: string, version: string, batch: Pick<BatchItem, 'miniBatchId' | 'sliceEnd'>): Promise<void>;
  /** Committed mini-batches with slice_end in (from, to], by (slice_end, mini_batch_id). */
  committedBetween(project: string, version: string, from: number, to: number): Promise<readonly CommittedBatch[]>;
  firstCommitted(project: string, version: string): Promise<CommittedBatch | undefined>;
  newestCommitted(project: string, version: string): Promise<CommittedBatch | undefined>;
}

const sliceKey = (miniBatchId: string): string => `slice#${miniBatchId}`;
const batchKey = (version: string, miniBatchId: string): string => `${version}#batch#${miniBatchId}`;
const rangeKey = (version: string, sliceEnd: number, miniBatchId: string): string =>
  `${version}#range#${formatInstant(sliceEnd)}#${miniBatchId}`;
const READS_AT_ONCE = 32;
const INSTANT_LENGTH = 'YYYY-MM-DDTHH:MM:SSZ'.length;

export function openBatchIndex(items: Items, table = 'batch_index'): BatchIndex {
  const readBatch = async (project: string, version: string, miniBatchId: string): Promise<BatchItem | undefined> => {
    const key = batchKey(version, miniBatchId);
    const item = await items.get(table, project, key);
    return item === undefined ? undefined : batchOfItem(item, `${project}/${key}`);
  };

  const knownSlice = async (project: string, miniBatchId: string): Promise<KnownSlice | undefined> => {
    const key = sliceKey(miniBatchId);
    const item = await items.get(table, project, key);
    return item === undefined ? undefined : { item, slice: sliceOfItem(item, `${project}/${key}`) };
  };

  const enterRange: BatchIndex['enterRange'] = async (project, version, { miniBatchId, sliceEnd }) => {
    const key = rangeKey(version, sliceEnd, miniBatchId);
    if ((await items.get(table, project, key)) !== undefined) return;
    await items.put(table, project, key, { mini_batch_id: miniBatchId, slice_end_ts: formatInstant(sliceEnd) });
  };

  /** Range entries of every committed mini-batch, in order; entries that a crash left out are written first. */
  const rangeEntries = async (project: string, version: string): Promise<RangeEntry[]> => {
    checkVersion(version);
    const between = { from: `${version}#batch#`, to: beginningWith(`${version}#range#`).to! };
    const keys = await items.keys(table, project, between);
    const entries = keys.filter((key) => key.startsWith(`${version}#range#`)).map((key) => entryOf(version, key));
    const entered = new Set(entries.map(({ miniBatchId }) => miniBatchId));
    for (const key of keys) {
      if (!key.startsWith(`${version}#batch#`)) continue;
      const miniBatchId = key.slice(batchKey(version, '').length);
      if (entered.has(miniBatchId)) continue;
      const batch = await readBatch(project, version, miniBatchId);
      if (batch === undefined || batch.revision === 0) continue;
      await enterRange(project, version, batch);
      entries.push({ miniBatchId, sliceEnd: batch.sliceEnd });
    }
    return entries.sort((a, b) => a.sliceEnd - b.sliceEnd || compareKeys(a.miniBatchId, b.miniBatchId));
  };

  /** An entry counts only as far as the mini-batch's own item agrees with it. */
  const confirmed = async (project: string, version: string, entry: RangeEntry): Promise<CommittedBatch[]> => {
    const batch = await readBatch(project, version, entry.miniBatchId);
    if (batch === undefined || batch.manifest === null || batch.sliceEnd !== entry.sliceEnd) return [];
    const { revision, manifest, windowContent, standsOn, affected } = batch;
    return [{ ...entry, revision, manifest, windowContent, standsOn, affected }];
  };

  const firstConfirmed = async (
    project: string,
    version: string,
    entries: readonly RangeEntry[],
  ): Promise<CommittedBatch | undefined> => {
    for (const entry of entries) {
      const [first] = await confirmed(project, version, entry);
      if (first !== undefined) return first;
    }
    return undefined;
  };

  return {
    batch: readBatch,
    enterRange,

    async settle(project, slice) {
      const key = sliceKey(checkId(slice.miniBatchId));
      const outcome = await items.put(table, project, key, sliceToItem(slice), { absent: true });
      if (outcome === 'stored') return { is: 'settled', slice: sameAsStored(slice), isNew: true };
      return settlementOf(project, slice, (await knownSlice(project, slice.miniBatchId))!.slice);
    },

    async resettle(project, slice, nowMs) {
      const key = sliceKey(checkId(slice.miniBatchId));
      for (;;) {
        const known = await knownSlice(project, slice.miniBatchId);
        if (known !== undefined && known.slice.path !== withoutSlash(slice.path))
          return settlementOf(project, slice, known.slice);
        const next = known === undefined ? sliceToItem(slice) : replacing(known.item, sliceToItem(slice), nowMs);
        const condition = known === undefined ? ({ absent: true } as const) : { matches: known.item };
        if ((await items.put(table, project, key, next, condition)) === 'stored')
          return { is: 'settled', slice: sameAsStored(slice), isNew: true };
      }
    },

    async settledSlice(project, miniBatchId) {
      return (await knownSlice(project, miniBatchId))?.slice;
    },

    async *batches(project, version) {
      checkVersion(version);
      for await (const { sk, item } of items.query(table, project, beginningWith(batchKey(version, ''))))
        yield batchOfItem(item, `${project}/${sk}`);
    },

    record(project, version, next, present) {
      checkVersion(version);
      const key = batchKey(version, checkId(next.miniBatchId));
      if (present === undefined) return items.put(table, project, key, batchToItem(next), { absent: true });
      const { revision, attemptToken, sweptRevision } = present;
      return items.put(table, project, key, batchToItem(next), {
        matches: { revision, attempt_token: attemptToken, swept_revision: sweptRevision },
      });
    },

    leaveRange: (project, version, { miniBatchId, sliceEnd }) =>
      items.remove(table, project, rangeKey(version, sliceEnd, miniBatchId)),

    async committedBetween(project, version, from, to) {
      const inside = (await rangeEntries(project, version)).filter(({ sliceEnd }) => sliceEnd > from && sliceEnd <= to);
      return (await mapInOrder(inside, READS_AT_ONCE, (entry) => confirmed(project, version, entry))).flat();
    },

    async firstCommitted(project, version) {
      return firstConfirmed(project, version, await rangeEntries(project, version));
    },

    async newestCommitted(project, version) {
      return firstConfirmed(project, version, (await rangeEntries(project, version)).toReversed());
    },
  };
}

interface KnownSlice {
  readonly item: Item;
  readonly slice: SettledSlice;
}

interface RangeEntry {
  readonly miniBatchId: string;
  readonly sliceEnd: number;
}

function entryOf(version: string, key: string): RangeEntry {
  const rest = key.slice(`${version}#range#`.length);
  const sliceEnd = instantOfText(rest.slice(0, INSTANT_LENGTH), UTC);
  return { sliceEnd, miniBatchId: rest.slice(INSTANT_LENGTH + 1) };
}

/** What later readers will hear, so that the first one hears nothing else. */
const sameAsStored = (slice: SettledSlice): SettledSlice =>
  sliceOfItem(sliceToItem(slice), sliceKey(slice.miniBatchId));

function settlementOf(project: string, given: SettledSlice, known: SettledSlice): Settlement {
  if (known.path === withoutSlash(given.path)) return { is: 'settled', slice: known, isNew: false };
  const fault =
    `mini-batch ${given.miniBatchId} of project ${project} is known from ${known.path}, not from ${given.path}; ` +
    'ids are unique in a project: rename the folder, or set mini_batch_id_template on the route';
  return { is: 'elsewhere', known, fault };
}

/** The new slice with the record of what it replaced, oldest first. */
function replacing(known: Item, next: Item, nowMs: number): Item {
  const { replaced = [], ...was } = known;
  const earlier = Array.isArray(replaced) ? replaced : [];
  return { ...next, replaced: [...earlier, { ...was, replaced_at: new Date(nowMs).toISOString() }] };
}

function checkVersion(version: string): void {
  // `slice` would put its keys among those of the settled slices.
  if (version === '' || version === 'slice' || version.includes('#'))
    throw new Error(`feature spec version "${version}" cannot be part of an index key; choose a name such as v1`);
}

function checkId(miniBatchId: string): string {
  if (miniBatchId === '') throw new Error('a mini-batch without an id cannot be indexed; its folder has no name');
  return miniBatchId;
}
