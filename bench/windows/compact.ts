import type { AddressList } from '../../src/operators/address-book.ts';
import type { DayRollup } from '../../src/operators/day-rollup.ts';
import type { LookbackBase } from '../../src/operators/lookback-base.ts';
import { DIRECTIONS } from '../../src/operators/metrics.ts';

/** Both over a list of only those addresses that they name, as merging would have left them. */
export function compactDay(day: DayRollup): DayRollup {
  const { addresses, idOf } = usedOf(
    day.addresses,
    DIRECTIONS.flatMap((role) => [day.roles[role].hosts, day.roles[role].pairs.peer]),
  );
  const rows = (role: 'outbound' | 'inbound') => {
    const { hosts, pairs } = day.roles[role];
    return { hosts: hosts.map(idOf), pairs: { ...pairs, peer: pairs.peer.map(idOf) } };
  };
  return {
    addresses,
    roles: { outbound: rows('outbound'), inbound: rows('inbound') },
    active: { ...day.active, hosts: day.active.hosts.map(idOf) },
  };
}

export function compactBase(base: LookbackBase): LookbackBase {
  const { addresses, idOf } = usedOf(
    base.addresses,
    DIRECTIONS.flatMap((role) => [base.roles[role].hosts, base.roles[role].peer]),
  );
  const rows = (role: 'outbound' | 'inbound') => {
    const own = base.roles[role];
    return { ...own, hosts: own.hosts.map(idOf), peer: own.peer.map(idOf) };
  };
  return {
    addresses,
    roles: { outbound: rows('outbound'), inbound: rows('inbound') },
    first: { ...base.first, hosts: base.first.hosts.map(idOf) },
    oldest: { ...base.oldest, hosts: base.oldest.hosts.map(idOf) },
  };
}

/** The part of a list of IPv4 addresses that some ids name, and their ids in it. */
export function usedOf(list: AddressList, ids: readonly Uint32Array[]) {
  const newId = new Int32Array(list.count).fill(-1);
  for (const some of ids) for (const id of some) newId[id] = 0;
  let count = 0;
  for (let id = 0; id < list.count; id++) if (newId[id] === 0) newId[id] = count++;
  const addresses: AddressList = {
    count,
    ipv4: list.ipv4.filter((_, id) => newId[id]! >= 0),
    isIpv4: new Uint8Array(count).fill(1),
    texts: new Map(),
  };
  return { addresses, idOf: (id: number): number => newId[id]! };
}
