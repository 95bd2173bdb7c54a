import type { Numbers } from './narrow.ts';
import { createPairPlaces } from './pair-places.ts';
import { type PastRows, pairCode, peerOf, portOf } from './past-rows.ts';

export interface PastSource {
  readonly rows: PastRows;
  /** Ids of the rows → ids of the common list. Keeps their order. */
  readonly remap: Uint32Array;
  /** Which of the two sums its sessions go to. */
  readonly into: 0 | 1;
  /** When its rows came first: of each, or of all. Left out: not to be told. */
  readonly first?: Numbers | number;
}

/** First coming of a row that no source tells of. */
export const NEVER_FIRST = 0xffff;

/** Rows of many sources by (host, peer, port), with their sessions in two sums. */
export interface MergedPast {
  readonly hosts: Uint32Array;
  readonly offsets: Uint32Array;
  readonly peer: Uint32Array;
  readonly port: Int32Array;
  readonly sums: readonly [Float64Array, Float64Array];
  /** The least first coming that a source tells; NEVER_FIRST without any. */
  readonly first: Uint16Array;
}

/** Merges host by host, so that scratch is as large as the largest host. */
export function mergePast(sources: readonly PastSource[]): MergedPast {
  const cursors = new Uint32Array(sources.length);
  const hosts: number[] = [];
  const offsets: number[] = [0];
  let columns = columnsFor(1024);
  let length = 0;
  const places = createPairPlaces();
  let distinct = 0;
  const append = (): number => distinct++;
  /** By place of a pair of the host in hand. */
  let codes = new Float64Array(1024);
  let sums: readonly [Float64Array, Float64Array] = [new Float64Array(1024), new Float64Array(1024)];
  let firsts = new Uint16Array(1024);

  for (;;) {
    const host = leastHost(sources, cursors);
    if (host === undefined) break;
    places.clear();
    distinct = 0;
    sources.forEach(({ rows, remap, into, first = NEVER_FIRST }, s) => {
      const row = cursors[s]!;
      if (row === rows.hosts.length || remap[rows.hosts[row]!] !== host) return;
      cursors[s] = row + 1;
      const { offsets: starts, peer, port, sessions } = rows.pairs;
      for (let p = starts[row]!; p < starts[row + 1]!; p++) {
        const known = distinct;
        const id = remap[peer[p]!]!;
        const place = places.place(id, port[p]!, append);
        if (place === codes.length) {
          codes = widened(codes);
          sums = [widened(sums[0]), widened(sums[1])];
          firsts = widenedTo(firsts, new Uint16Array(firsts.length * 2));
        }
        if (place === known) {
          codes[place] = pairCode(id, port[p]!);
          sums[0][place] = sums[1][place] = 0;
          firsts[place] = NEVER_FIRST;
        }
        sums[into][place]! += sessions[p]!;
        const came = typeof first === 'number' ? first : first[p]!;
        if (came < firsts[place]!) firsts[place] = came;
      }
    });
    while (length + distinct > columns.peer.length) columns = widenedColumns(columns);
    for (const code of codes.slice(0, distinct).sort()) {
      const [peer, port] = [peerOf(code), portOf(code)];
      const place = places.find(peer, port);
      columns.peer[length] = peer;
      columns.port[length] = port;
      columns.first[length] = firsts[place]!;
      columns.sums[0][length] = sums[0][place]!;
      columns.sums[1][length++] = sums[1][place]!;
    }
    hosts.push(host);
    offsets.push(length);
  }
  return {
    hosts: Uint32Array.from(hosts),
    offsets: Uint32Array.from(offsets),
    peer: columns.peer.slice(0, length),
    port: columns.port.slice(0, length),
    sums: [columns.sums[0].slice(0, length), columns.sums[1].slice(0, length)],
    first: columns.first.slice(0, length),
  };
}

/** The least host that no source is past; undefined at the end of all. */
function leastHost(sources: readonly PastSource[], cursors: Uint32Array): number | undefined {
  let least: number | undefined;
  for (let s = 0; s < sources.length; s++) {
    const { rows, remap } = sources[s]!;
    const row = cursors[s]!;
    if (row === rows.hosts.length) continue;
    const host = remap[rows.hosts[row]!]!;
    if (least === undefined || host < least) least = host;
  }
  return least;
}

interface PastColumns {
  readonly peer: Uint32Array;
  readonly port: Int32Array;
  readonly sums: readonly [Float64Array, Float64Array];
  readonly first: Uint16Array;
}

const columnsFor = (size: number): PastColumns => ({
  peer: new Uint32Array(size),
  port: new Int32Array(size),
  sums: [new Float64Array(size), new Float64Array(size)],
  first: new Uint16Array(size),
});

function widenedColumns({ peer, port, sums, first }: PastColumns): PastColumns {
  const wider = columnsFor(peer.length * 2);
  wider.peer.set(peer);
  wider.port.set(port);
  wider.sums[0].set(sums[0]);
  wider.sums[1].set(sums[1]);
  wider.first.set(first);
  return wider;
}

const widened = (column: Float64Array): Float64Array<ArrayBuffer> =>
  widenedTo(column, new Float64Array(column.length * 2));

function widenedTo<T extends Float64Array | Uint16Array>(column: Float64Array | Uint16Array, wider: T): T {
  wider.set(column);
  return wider;
}
