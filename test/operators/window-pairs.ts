import { createAddressBook, mergeBooks } from '../../src/operators/address-book.ts';
import type { WindowPairs } from '../../src/operators/fg-a-pairs.ts';

export interface PairOfHost {
  readonly src: string;
  readonly dst: string;
  readonly port: number;
}

/** FG-A's pair context from plain rows, each pair once. */
export function windowPairsFrom(rows: readonly PairOfHost[]): WindowPairs {
  const book = createAddressBook(true);
  const ids = rows.map(({ src, dst }) => ({ src: book.idOfText(src), dst: book.idOfText(dst) }));
  const { list, remaps } = mergeBooks([book.contents()]);
  const placed = rows
    .map(({ port }, i) => ({ host: remaps[0]![ids[i]!.src]!, peer: remaps[0]![ids[i]!.dst]!, port }))
    .sort((a, b) => a.host - b.host || a.peer - b.peer || a.port - b.port);
  return {
    ...{ addresses: list, length: placed.length },
    host: Uint32Array.from(placed, ({ host }) => host),
    peer: Uint32Array.from(placed, ({ peer }) => peer),
    port: Int32Array.from(placed, ({ port }) => port),
    sessions: new Float64Array(placed.length).fill(1),
    lastEvent: new Float64Array(placed.length).fill(Number.NaN),
  };
}
