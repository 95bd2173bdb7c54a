import { shardOf } from './address.ts';
import { createAddressBook, mergeBooks } from './address-book.ts';
import { type PairTimings, pairTimingsOf } from './pair-timings.ts';
import { isList, isText, isUtf8, type ListVector, type NumberVector, type Table, textsOf } from './table.ts';

/** Columns of pair context from which timings are rebuilt. */
export const TIMING_COLUMNS = ['host_ip', 'role', 'first_event_ts', 'starts', 'max_duration_ms'] as const;

/**
 * Makes the timings of every shard from the published pair context of one mini-batch: its files in order, rows ordered by
 * (host, role, ...) throughout.
 */
export function rebuildTimings(
  { miniBatchId, sliceEnd }: Pick<PairTimings, 'miniBatchId' | 'sliceEnd'>,
  pairContext: readonly Table[],
  shards: number,
): PairTimings[] {
  const builders = Array.from({ length: shards }, createTimingsBuilder);
  for (const table of pairContext) {
    const hosts = texts(table, 'host_ip');
    const roles = texts(table, 'role');
    const first = numbers(table, 'first_event_ts');
    const longest = numbers(table, 'max_duration_ms');
    const starts = lists(table, 'starts');
    const shardAt = hosts.values.map((host) => shardOf(host, shards));
    for (let row = 0; row < table.length; row++) {
      if (roles.values[roles.codes[row]!] !== 'outbound') continue;
      const host = hosts.codes[row]!;
      const known = starts.values.subarray(starts.offsets[row], starts.offsets[row + 1]);
      builders[shardAt[host]!]!.add(hosts.values[host]!, first[row]!, known, longest[row]!);
    }
  }
  return builders.map((builder) => builder.finish({ miniBatchId, sliceEnd }));
}

interface TimingsBuilder {
  /** Rows come in the order of their hosts. */
  add(host: string, firstEvent: number, starts: Float64Array, longest: number): void;
  finish(identity: Pick<PairTimings, 'miniBatchId' | 'sliceEnd'>): PairTimings;
}

function createTimingsBuilder(): TimingsBuilder {
  const hosts: string[] = [];
  const offsets: number[] = [];
  const firstEvent: number[] = [];
  const maxDuration: number[] = [];
  const startOffsets: number[] = [0];
  const startValues: number[] = [];
  return {
    add(host, first, starts, longest) {
      if (hosts.at(-1) !== host) {
        hosts.push(host);
        offsets.push(firstEvent.length);
      }
      firstEvent.push(first);
      maxDuration.push(longest);
      for (const start of starts) startValues.push(start);
      startOffsets.push(startValues.length);
    },
    finish(identity) {
      const book = createAddressBook(true);
      const ids = hosts.map((host) => book.idOfText(host));
      const { list, remaps } = mergeBooks([book.contents()]);
      return pairTimingsOf(
        { ...identity, addresses: list },
        {
          hosts: Uint32Array.from(ids, (id) => remaps[0]![id]!),
          pairs: {
            offsets: Uint32Array.from([...offsets, firstEvent.length]),
            firstEvent: Float64Array.from(firstEvent),
            maxDuration: Float64Array.from(maxDuration),
            starts: { offsets: Uint32Array.from(startOffsets), values: Float64Array.from(startValues) },
          },
        },
      );
    },
  };
}

function texts(table: Table, name: string): { readonly codes: Int32Array; readonly values: readonly string[] } {
  const column = table.columns[name];
  if (column === undefined || !(isText(column) || isUtf8(column)))
    throw new Error(`rebuilding timings: ${name} is no text column`);
  return { codes: column.codes, values: textsOf(column) };
}

function numbers(table: Table, name: string): NumberVector {
  const column = table.columns[name];
  if (column === undefined || 'codes' in column || 'offsets' in column)
    throw new Error(`rebuilding timings: ${name} is no column of numbers`);
  return column;
}

function lists(table: Table, name: string): ListVector {
  const column = table.columns[name];
  if (column === undefined || !isList(column)) throw new Error(`rebuilding timings: ${name} is no column of lists`);
  return column;
}
