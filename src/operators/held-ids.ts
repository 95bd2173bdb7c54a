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
    for (let row = 0; row < peer.length; row++) isUsed[peer[row]!] = 1;
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
    for (let row = 0; row < peer.length; row++) peer[row] = idOf[peer[row]!]!;
    const hosts = held.hosts.map((id) => idOf[id]!);
    const placeOf = new Int32Array(used.length).fill(-1);
    hosts.forEach((id, place) => {
      placeOf[id] = place;
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
