import { type AddressDictionary, createAddressDictionary } from './address-dictionary.ts';
import type { PlaceOptions } from './address-facts.ts';
import type { HeldBlock } from './held-day.ts';
import type { HeldRows } from './held-rows.ts';
import { DIRECTIONS } from './metrics.ts';
import type { RoleName } from './role-rows.ts';

export interface HeldContents {
  readonly addresses: AddressDictionary;
  readonly blocks: readonly HeldBlock[];
  readonly rows: Readonly<Record<RoleName, HeldRows>>;
}

/** The same contents with ids for those addresses only that they name. Writes over the rows' peers. */
export function renumbered({ addresses, blocks, rows }: HeldContents, places: PlaceOptions): HeldContents {
  const { list } = addresses;
  const isUsed = new Uint8Array(list.count);
  for (const role of DIRECTIONS) {
    for (const { totals } of blocks) for (const id of totals[role].hosts) isUsed[id] = 1;
    const { peer } = rows[role].pairs;
    forEachRun(rows[role], (start, end) => {
      for (let row = start; row < end; row++) isUsed[peer[row]!] = 1;
    });
  }
  const used = Uint32Array.from(isUsed.keys()).filter((id) => isUsed[id] === 1);
  const texts = new Map<number, string>();
  used.forEach((id, place) => {
    const text = list.texts.get(id);
    if (text !== undefined) texts.set(place, text);
  });
  const fewer = createAddressDictionary(places);
  const idOf = new Uint32Array(list.count);
  const ids = fewer.enter({
    count: used.length,
    ipv4: used.map((id) => list.ipv4[id]!),
    isIpv4: Uint8Array.from(used, (id) => list.isIpv4[id]!),
    texts,
  });
  used.forEach((id, place) => {
    idOf[id] = ids[place]!;
  });
  const withNewIds = (held: HeldRows): HeldRows => {
    const { peer } = held.pairs;
    const placeOf = new Int32Array(used.length).fill(-1);
    const hosts = new Uint32Array(held.hosts.length);
    forEachRun(held, (start, end, place) => {
      for (let row = start; row < end; row++) peer[row] = idOf[peer[row]!]!;
      hosts[place] = idOf[held.hosts[place]!]!;
      placeOf[hosts[place]!] = place;
    });
    return { ...held, hosts, placeOf };
  };
  return {
    addresses: fewer,
    blocks: blocks.map((block) => {
      const { outbound, inbound } = block.totals;
      const totals = {
        outbound: { ...outbound, hosts: outbound.hosts.map((id) => idOf[id]!) },
        inbound: { ...inbound, hosts: inbound.hosts.map((id) => idOf[id]!) },
      };
      return { ...block, totals };
    }),
    rows: { outbound: withNewIds(rows.outbound), inbound: withNewIds(rows.inbound) },
  };
}

/** Tells of the rows of each host that has an entry. */
function forEachRun(
  { places, entryStarts, entryEnds, rowStarts }: HeldRows,
  hear: (start: number, end: number, place: number) => void,
): void {
  for (let place = 0; place < places; place++) {
    const [first, end] = [entryStarts[place]!, entryEnds[place]!];
    if (first < end) hear(rowStarts[first]!, rowStarts[end]!, place);
  }
}
