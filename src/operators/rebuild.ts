import { shardOf } from './address.ts';
import { type AddressList, createAddressBook, mergeBooks } from './address-book.ts';
import { mergedMetrics } from './delta-metrics.ts';
import type { RoleName } from './role-rows.ts';
import { narrowedRows, type SealedRows } from './sealed-rows.ts';
import { isText, isUtf8, type NumberVector, type Table, type TextVector, textsOf } from './table.ts';
import type { SliceBlock } from './windows.ts';

/** Columns of delta and pair context from which blocks are rebuilt. */
export const REBUILD_COLUMNS = {
  delta: ['host_ip', 'role', ...mergedMetrics([]).map(({ name }) => name)],
  pair_context: [
    'host_ip',
    'role',
    'peer_ip',
    'peer_port',
    'sessions_cnt',
    'deny_cnt',
    'zero_reply_cnt',
    'bytes_sent_sum',
    'bytes_recv_sum',
    'event_ts',
  ],
} as const;

/**
 * Makes the blocks of every shard from the published rows of one mini-batch. `delta` and `pairContext` are its files in
 * order, rows ordered by (host, role, …) throughout.
 */
export function rebuildBlocks(
  identity: { readonly miniBatchId: string; readonly sliceEnd: number },
  delta: readonly Table[],
  pairContext: readonly Table[],
  shards: number,
): SliceBlock[] {
  const { addresses, idsOf } = listAddresses(delta, pairContext);
  const merged = mergedMetrics([]);
  const sessionsAt = merged.findIndex(({ name }) => name === 'sessions_cnt');
  const builders = Array.from({ length: shards }, () => ({
    outbound: createRowsBuilder(),
    inbound: createRowsBuilder(),
  }));
  const builderOf = (table: Table, row: number): RowsBuilder =>
    builders[shardOf(textAt(table, 'host_ip', row), shards)]![textAt(table, 'role', row) as RoleName];

  for (const table of delta) {
    const columns = merged.map(({ name, measure }) => ({
      values: numbers(table, name),
      per: measure.is === 'sum' ? measure.per : 1,
    }));
    const hostIds = idsOf(table, 'host_ip');
    for (let row = 0; row < table.length; row++) {
      builderOf(table, row).addHost(
        hostIds[row]!,
        columns.map(({ values, per }) => Math.round(values[row]! * per)),
      );
    }
  }
  for (const table of pairContext) {
    const port = numbers(table, 'peer_port');
    const sums = ['sessions_cnt', 'deny_cnt', 'zero_reply_cnt', 'bytes_sent_sum', 'bytes_recv_sum', 'event_ts'].map(
      (name) => numbers(table, name),
    );
    const hostIds = idsOf(table, 'host_ip');
    const peerIds = idsOf(table, 'peer_ip');
    for (let row = 0; row < table.length; row++) {
      builderOf(table, row).addPair(
        hostIds[row]!,
        peerIds[row]!,
        Number.isNaN(port[row]!) ? -1 : port[row]!,
        sums.map((column) => column[row]!),
      );
    }
  }
  return builders.map((roles) => ({
    ...identity,
    addresses,
    roles: {
      outbound: roles.outbound.finish(merged.length, sessionsAt),
      inbound: roles.inbound.finish(merged.length, sessionsAt),
    },
  }));
}

interface RowsBuilder {
  addHost(id: number, totals: readonly number[]): void;
  /** Pairs come in the order of their hosts. */
  addPair(host: number, peer: number, port: number, sums: readonly number[]): void;
  finish(width: number, sessionsAt: number): SealedRows;
}

function createRowsBuilder(): RowsBuilder {
  const hosts: number[] = [];
  const totals: number[] = [];
  const owner: number[] = [];
  const peers: number[] = [];
  const ports: number[] = [];
  const sums: number[][] = [[], [], [], [], [], []];
  return {
    addHost(id, values) {
      hosts.push(id);
      for (const value of values) totals.push(value);
    },
    addPair(host, peer, port, values) {
      owner.push(host);
      peers.push(peer);
      ports.push(port);
      values.forEach((value, i) => {
        sums[i]!.push(value);
      });
    },
    finish(width, sessionsAt) {
      const offsets = new Uint32Array(hosts.length + 1);
      const isCapped = new Uint8Array(hosts.length);
      let p = 0;
      hosts.forEach((id, row) => {
        let sessions = 0;
        for (; p < owner.length && owner[p] === id; p++) sessions += sums[0]![p]!;
        offsets[row + 1] = p;
        // Every dropped pair row had a session: what is missing tells that there were some.
        if (sessions < totals[row * width + sessionsAt]!) isCapped[row] = 1;
      });
      const [sessions, denied, zeroReply, bytesSent, bytesReceived, lastEvent] = sums.map((values) =>
        Float64Array.from(values),
      ) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
      return narrowedRows({
        hosts: Uint32Array.from(hosts),
        totals: Float64Array.from(totals),
        width,
        isCapped,
        pairs: {
          offsets,
          peer: Uint32Array.from(peers),
          port: Int32Array.from(ports),
          sessions,
          denied,
          zeroReply,
          bytesSent,
          bytesReceived,
          lastEvent,
        },
      });
    },
  };
}

/** All addresses of the tables in text order, and what gives a text column's ids row by row. */
function listAddresses(
  delta: readonly Table[],
  pairContext: readonly Table[],
): { addresses: AddressList; idsOf: (table: Table, column: string) => Uint32Array } {
  const book = createAddressBook(true);
  for (const table of delta) for (const text of textColumnOf(table, 'host_ip').values) book.idOfText(text);
  for (const table of pairContext) {
    for (const name of ['host_ip', 'peer_ip']) for (const text of textColumnOf(table, name).values) book.idOfText(text);
  }
  const { list, remaps } = mergeBooks([book.contents()]);
  const remap = remaps[0]!;
  return {
    addresses: list,
    idsOf(table, column) {
      const { codes, values } = textColumnOf(table, column);
      const ids = values.map((text) => remap[book.idOfText(text)]!);
      return Uint32Array.from(codes, (code) => ids[code]!);
    },
  };
}

function textColumnOf(table: Table, name: string): TextVector {
  const column = table.columns[name];
  if (column === undefined || !(isText(column) || isUtf8(column)))
    throw new Error(`rebuilding blocks: ${name} is no text column`);
  return isText(column) ? column : { codes: column.codes, values: textsOf(column) };
}

function textAt(table: Table, name: string, row: number): string {
  const { codes, values } = textColumnOf(table, name);
  return values[codes[row]!]!;
}

function numbers(table: Table, name: string): NumberVector {
  const column = table.columns[name];
  if (column === undefined || 'codes' in column || 'offsets' in column) {
    throw new Error(`rebuilding blocks: ${name} is no column of numbers`);
  }
  return column;
}
