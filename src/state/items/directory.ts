import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { diskFault, onDisk } from '../disk-fault.ts';
import { clearScratch, createWhole, isMissing, namesIn, SCRATCH } from '../durable-file.ts';
import { type Item, type Items, type KeyedItem, type KeyOrder, type KeyRange, keyFault, meets } from '../items.ts';
import { compareKeys } from '../key-order.ts';
import { mapInOrder } from '../map-in-order.ts';

/** One state of an item. `item` is null where the item was removed: numbers are never used twice, so its end is one too. */
interface Version {
  readonly token: string;
  /** Tokens of the versions before this one, oldest first, at most LINEAGE of them. */
  readonly lineage: readonly string[];
  readonly item: Item | null;
}

interface Numbered extends Version {
  readonly seq: number;
}

const LINEAGE = 64;
/** Items that a query holds at once. */
const PAGE = 256;
const READS_AT_ONCE = 16;
/** Versions that are kept read: a month of a project's mini-batches. What a number holds never changes. */
const MOST_KNOWN = 4096;
const VERSION_NAME = /^(\d+)\.json$/;

/**
 * Items in a folder: an item is a folder of `<seq>.json`, and the greatest seq is what the item is.
 *
 * A put reads version n and creates n + 1 exclusively, so of several writers that judged their conditions on version n
 * one gets through; it then removes the older ones. There is no lock that a killed process could keep. A writer that
 * slept between reading and creating may find its number free because n + 1 has come and gone: it sees a greater
 * version that does not descend from its own, takes its file back and judges anew.
 */
export async function openDirectoryItems(folder: string): Promise<Items> {
  const root = resolve(folder);
  const scratch = join(root, SCRATCH);
  await clearScratch(scratch);
  const known: KnownVersions = new Map();
  const folderOf = (table: string, pk: string, ...sk: string[]): string =>
    join(root, ...[table, pk, ...sk].map((key) => keyName(root, key)));

  const get = async (table: string, pk: string, sk: string): Promise<Item | undefined> =>
    (await newestKnown(known, folderOf(table, pk, sk)))?.item ?? undefined;

  const keys = async (
    table: string,
    pk: string,
    range: KeyRange = {},
    { reverse = false, limit }: KeyOrder = {},
  ): Promise<readonly string[]> => {
    const shared = encode(sharedPrefix(range));
    const names = await namesIn(folderOf(table, pk));
    const inOrder = names
      .filter((name) => name.startsWith(shared))
      .flatMap((name) => keyOf(name) ?? [])
      .filter((sk) => isWithin(range, sk))
      .sort(compareKeys);
    return (reverse ? inOrder.reverse() : inOrder).slice(0, limit);
  };

  return {
    get,
    keys,
    put: (table, pk, sk, item, condition) =>
      replace(scratch, folderOf(table, pk, sk), item, (present) => meets(condition, present)),
    async *query(table, pk, range) {
      const wanted = await keys(table, pk, range);
      for (let start = 0; start < wanted.length; start += PAGE) {
        const page = wanted.slice(start, start + PAGE);
        const read = await mapInOrder(page, READS_AT_ONCE, async (sk): Promise<KeyedItem[]> => {
          const item = await get(table, pk, sk);
          return item === undefined ? [] : [{ sk, item }];
        });
        yield* read.flat();
      }
    },
    async remove(table, pk, sk) {
      await replace(scratch, folderOf(table, pk, sk), null, (present) => present !== undefined);
    },
  };
}

async function replace(
  scratch: string,
  folder: string,
  item: Item | null,
  isAllowed: (present: Item | undefined) => boolean,
): Promise<'stored' | 'conflict'> {
  for (;;) {
    const present = await newest(folder);
    if (!isAllowed(present?.item ?? undefined)) return 'conflict';
    const seq = (present?.seq ?? 0) + 1;
    const lineage = present === undefined ? [] : [...present.lineage, present.token].slice(-LINEAGE);
    const version: Version = { token: randomUUID(), lineage, item };
    const file = join(folder, versionName(seq));
    if ((await createWhole(scratch, file, JSON.stringify(version))) === 'exists') continue;
    const seqs = await seqsIn(folder);
    if (Math.max(...seqs) > seq && !(await isAncestor(folder, version.token))) {
      await removeVersion(file);
      continue;
    }
    for (const older of seqs.filter((other) => other < seq)) await removeVersion(join(folder, versionName(older)));
    return 'stored';
  }
}

const removeVersion = (file: string): Promise<void> => onDisk(`cannot remove ${file}`, () => rm(file, { force: true }));

/** False if our version took a number that had been used before: what the item is now does not descend from ours. */
async function isAncestor(folder: string, token: string): Promise<boolean> {
  const latest = await newest(folder);
  return latest !== undefined && (latest.token === token || latest.lineage.includes(token));
}

async function newest(folder: string): Promise<Numbered | undefined> {
  for (;;) {
    const seqs = await seqsIn(folder);
    if (seqs.length === 0) return undefined;
    const seq = Math.max(...seqs);
    const file = join(folder, versionName(seq));
    try {
      return { seq, ...parse(file, await readFile(file, 'utf8')) };
    } catch (error) {
      // Replaced between the listing and the reading: a greater one is there by now.
      if (!isMissing(error)) throw diskFault(error, `cannot read ${file}`);
    }
  }
}

type KnownVersions = Map<string, Numbered>;

/** The newest version, read again only where its number is another one than the last time. */
async function newestKnown(known: KnownVersions, folder: string): Promise<Numbered | undefined> {
  const last = known.get(folder);
  if (last !== undefined && Math.max(...(await seqsIn(folder))) === last.seq) return last;
  const version = await newest(folder);
  known.delete(folder);
  if (version !== undefined) known.set(folder, version);
  for (const oldest of known.keys()) {
    if (known.size <= MOST_KNOWN) break;
    known.delete(oldest);
  }
  return version;
}

const versionName = (seq: number): string => `${String(seq).padStart(8, '0')}.json`;

async function seqsIn(folder: string): Promise<number[]> {
  return (await namesIn(folder)).flatMap((name) => Number(VERSION_NAME.exec(name)?.[1] ?? Number.NaN) || []);
}

function parse(file: string, text: string): Version {
  try {
    return JSON.parse(text) as Version;
  } catch (cause) {
    throw new Error(`item ${file} is not JSON, though no writer leaves it half done; restore or remove it`, { cause });
  }
}

function keyName(root: string, key: string): string {
  const fault =
    keyFault(key) ??
    (encode(key).length > 255
      ? `takes ${encode(key).length} bytes as a file name, at most 255; shorten the mini-batch's folder name`
      : undefined);
  if (fault === undefined) return encode(key);
  throw new Error(`items ${root}: key ${JSON.stringify(key)} ${fault}`);
}

/** Percent-encodes everything but letters, digits, `-`, and where they do not come first `_` and `.`. */
function encode(key: string): string {
  const hex = (sign: string): string => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(key)
    .replace(/[!'()*~]/g, hex)
    .replace(/^[._]/, hex);
}

/** The key of a file name; undefined for names that are not ours. */
function keyOf(name: string): string | undefined {
  if (/^[._]/.test(name)) return undefined;
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}

const isWithin = ({ from, to }: KeyRange, sk: string): boolean =>
  (from === undefined || compareKeys(sk, from) >= 0) && (to === undefined || compareKeys(sk, to) <= 0);

/** What every key of the range begins with. Encoding keeps it a beginning, so most names need no decoding. */
function sharedPrefix({ from, to }: KeyRange): string {
  if (from === undefined || to === undefined) return '';
  let length = 0;
  while (length < from.length && from[length] === to[length]) length++;
  return from
    .slice(0, length)
    .toWellFormed()
    .replace(/\uFFFD$/, '');
}
