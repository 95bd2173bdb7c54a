import { formatInstant, instantOfText, UTC } from '../operators/time.ts';
import {
  type Affected,
  type BatchItem,
  batchOfItem,
  batchToItem,
  exactInstant,
  type ManifestRef,
  type SettledSlice,
  sliceOfItem,
  sliceToItem,
  withoutSlash,
} from './batch-item.ts';
import { beginningWith, type Item, type Items, type KeyRange } from './items.ts';
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

/** A mini-batch that somebody took in hand. */
export interface PlannedMiniBatch {
  readonly miniBatchId: string;
  readonly sliceEnd: number;
  /** When it was first planned, ms UTC; null where a program wrote the entry that kept no such instant. */
  readonly plannedAt: number | null;
  /** `planned`: nothing is known yet of how it ended. */
  readonly is: 'planned' | 'committed' | 'failed';
}

/** The authority on what is valid: which slice a mini-batch closes, and which revision of it counts. */
export interface BatchIndex {
  /** The first to settle a mini-batch wins; everyone hears the winner's slice. */
  settle(project: string, slice: SettledSlice): Promise<Settlement>;
  /** Replaces the settled slice by one that the operator gave, and keeps what it was. `nowMs`: when. */
  resettle(project: string, slice: SettledSlice, nowMs: number): Promise<Settlement>;
  /**
   * Takes back a slice that the operator gave for a run that came to nothing: what was settled before it stands again.
   * What somebody settled since stays.
   */
  withdraw(
    project: string,
    given: Pick<SettledSlice, 'miniBatchId' | 'ts'>,
    before: SettledSlice | undefined,
    nowMs: number,
  ): Promise<void>;
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
  /**
   * Enters a mini-batch among those of its slice, which is how readers of a range find it: to be done before it is
   * recorded. The first entry stands, with its `nowMs`.
   */
  enterRange(project: string, version: string, batch: InSlice, nowMs: number): Promise<void>;
  leaveRange(project: string, version: string, batch: InSlice): Promise<void>;
  /**
   * Enters those that were recorded without an entry, by a program that entered them afterwards and was killed in between.
   * Looks through all there are; returns how many it entered.
   */
  enterMissing(project: string, version: string): Promise<number>;
  /** Mini-batches entered with slice_end in (from, to], whatever became of them, by (slice_end, mini_batch_id). */
  planned(project: string, version: string, from: number, to: number): Promise<readonly PlannedMiniBatch[]>;
  /** Committed mini-batches with slice_end in (from, to], by (slice_end, mini_batch_id). Reads no others. */
  committedBetween(project: string, version: string, from: number, to: number): Promise<readonly CommittedBatch[]>;
  firstCommitted(project: string, version: string): Promise<CommittedBatch | undefined>;
  newestCommitted(project: string, version: string): Promise<CommittedBatch | undefined>;
}

type InSlice = Pick<BatchItem, 'miniBatchId' | 'sliceEnd'>;

const sliceKey = (miniBatchId: string): string => `slice#${miniBatchId}`;
const batchKey = (version: string, miniBatchId: string): string => `${version}#batch#${miniBatchId}`;
const rangePrefix = (version: string): string => `${version}#range#`;
const rangeKey = (version: string, sliceEnd: number, miniBatchId: string): string =>
  `${rangePrefix(version)}${formatInstant(sliceEnd)}#${miniBatchId}`;
const READS_AT_ONCE = 32;
/** Entries that are looked at first when one from an end is wanted; more each further time. */
const FIRST_FEW = 8;
/** The last one that text orders like time. */
const LAST_INSTANT = Date.UTC(9999, 11, 31, 23, 59, 59);
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

  const enterRange: BatchIndex['enterRange'] = async (project, version, { miniBatchId, sliceEnd }, nowMs) => {
    checkVersion(version);
    const entry = {
      mini_batch_id: miniBatchId,
      slice_end_ts: formatInstant(sliceEnd),
      planned_at: exactInstant(nowMs),
    };
    await items.put(table, project, rangeKey(version, sliceEnd, miniBatchId), entry, { absent: true });
  };

  /** An entry counts only as far as the mini-batch's own item agrees with it. */
  const confirmed = async (project: string, version: string, entry: InSlice): Promise<CommittedBatch[]> => {
    const batch = await readBatch(project, version, entry.miniBatchId);
    if (batch === undefined || batch.manifest === null || batch.sliceEnd !== entry.sliceEnd) return [];
    const { revision, manifest, windowContent, standsOn, affected } = batch;
    return [{ ...entry, revision, manifest, windowContent, standsOn, affected }];
  };

  /** The first committed mini-batch from an end: few are planned that are not committed, so few are looked at. */
  const firstConfirmed = async (
    project: string,
    version: string,
    reverse: boolean,
  ): Promise<CommittedBatch | undefined> => {
    checkVersion(version);
    let range = beginningWith(rangePrefix(version));
    for (let limit = FIRST_FEW; ; limit *= FIRST_FEW) {
      const keys = await items.keys(table, project, range, { reverse, limit });
      for (const key of keys) {
        const [first] = await confirmed(project, version, entryOf(version, key));
        if (first !== undefined) return first;
      }
      const last = keys.at(-1);
      if (last === undefined || keys.length < limit) return undefined;
      range = { ...range, [reverse ? 'to' : 'from']: last };
    }
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

    async withdraw(project, { miniBatchId, ts }, before, nowMs) {
      const known = await knownSlice(project, miniBatchId);
      if (known === undefined || known.slice.source !== 'at' || known.slice.ts !== ts) return;
      const key = sliceKey(miniBatchId);
      if (before === undefined) return items.remove(table, project, key);
      await items.put(table, project, key, replacing(known.item, sliceToItem(before), nowMs), { matches: known.item });
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

    async enterMissing(project, version) {
      checkVersion(version);
      const between = { from: batchKey(version, ''), to: beginningWith(rangePrefix(version)).to! };
      const keys = await items.keys(table, project, between);
      const isEntry = (key: string): boolean => key.startsWith(rangePrefix(version));
      const entered = new Set(keys.filter(isEntry).map((key) => entryOf(version, key).miniBatchId));
      let missing = 0;
      for (const key of keys) {
        const miniBatchId = key.slice(batchKey(version, '').length);
        if (!key.startsWith(batchKey(version, '')) || entered.has(miniBatchId)) continue;
        const batch = await readBatch(project, version, miniBatchId);
        if (batch === undefined || batch.committedAt === null) continue;
        await enterRange(project, version, batch, batch.committedAt);
        missing++;
      }
      return missing;
    },

    async planned(project, version, from, to) {
      checkVersion(version);
      const found: (InSlice & Pick<PlannedMiniBatch, 'plannedAt'>)[] = [];
      for await (const { sk, item } of items.query(table, project, rangeOf(version, from, to))) {
        const plannedAt = instantOfText(String(item['planned_at'] ?? ''), UTC);
        found.push({ ...entryOf(version, sk), plannedAt: Number.isNaN(plannedAt) ? null : plannedAt });
      }
      const known = await mapInOrder(found, READS_AT_ONCE, async (entry): Promise<PlannedMiniBatch[]> => {
        const batch = await readBatch(project, version, entry.miniBatchId);
        if (batch?.sliceEnd === entry.sliceEnd) return [{ ...entry, is: batch.revision > 0 ? 'committed' : 'failed' }];
        // An entry of a slice that it has left since says nothing any more.
        const settled = await knownSlice(project, entry.miniBatchId);
        return settled?.slice.sliceEnd === entry.sliceEnd ? [{ ...entry, is: 'planned' }] : [];
      });
      return known.flat();
    },

    leaveRange: (project, version, { miniBatchId, sliceEnd }) =>
      items.remove(table, project, rangeKey(version, sliceEnd, miniBatchId)),

    async committedBetween(project, version, from, to) {
      checkVersion(version);
      const keys = await items.keys(table, project, rangeOf(version, from, to));
      const entries = keys.map((key) => entryOf(version, key));
      return (await mapInOrder(entries, READS_AT_ONCE, (entry) => confirmed(project, version, entry))).flat();
    },

    firstCommitted: (project, version) => firstConfirmed(project, version, false),
    newestCommitted: (project, version) => firstConfirmed(project, version, true),
  };
}

interface KnownSlice {
  readonly item: Item;
  readonly slice: SettledSlice;
}

function entryOf(version: string, key: string): InSlice {
  const rest = key.slice(rangePrefix(version).length);
  const sliceEnd = instantOfText(rest.slice(0, INSTANT_LENGTH), UTC);
  return { sliceEnd, miniBatchId: rest.slice(INSTANT_LENGTH + 1) };
}

/** Keys of the entries with slice_end in (from, to]. Slices end at a full second. */
function rangeOf(version: string, from: number, to: number): KeyRange {
  const keyOf = (instant: number): string => {
    if (instant < 0) return rangePrefix(version);
    return rangePrefix(version) + (instant > LAST_INSTANT ? '\u{10ffff}' : formatInstant(instant));
  };
  return { from: keyOf(Math.floor(from / 1000) * 1000 + 1000), to: `${keyOf(to)}#\u{10ffff}` };
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
