import { mergeLists } from '../operators/address-union.ts';
import { sumContacts } from '../operators/beacon-contacts.ts';
import { FEWEST_HOSTS, type PeerUse, WIDE_SHARE } from '../operators/beacon-prior.ts';
import { type BeaconRows, beaconRowsOf, type ShardBeacons } from '../operators/beacon-rows.ts';
import { type EmitSources, pastKeysOfShard, untilThere } from './emit.ts';
import { projectShard } from './lookback-plan.ts';

/**
 * Beaconing, strobe and long sessions of every shard's hosts, from what was found in each: how many hosts of the project use
 * a peer is only known of all shards together.
 *
 * @param found by shard, as `emitShard` gave it with a BeaconInput.
 * @param sliceEnd ms UTC.
 */
export async function findBeacons(
  sources: EmitSources,
  found: readonly ShardBeacons[],
  sliceEnd: number,
): Promise<BeaconRows[]> {
  const active = found.reduce((sum, shard) => sum + shard.active, 0);
  const { list, remaps } = mergeLists(found.map(({ candidates }) => candidates.peers));
  const contacts = sumContacts(
    list,
    found.map((shard) => shard.contacts),
  );
  const prevalence = contacts.map((hosts) => hosts / active);
  // Who uses a peer that few know does not matter.
  const isAsked = active >= FEWEST_HOSTS && prevalence.some((share) => share > WIDE_SHARE);
  const established = isAsked ? await establish(sources, list, sliceEnd) : new Uint8Array(list.count);
  return found.map((shard, s) =>
    beaconRowsOf(shard, (peer): PeerUse => {
      const id = remaps[s]![peer]!;
      return { active, prevalence: prevalence[id]!, isEstablished: established[id] === 1 };
    }),
  );
}

async function establish(
  sources: EmitSources,
  peers: ReturnType<typeof mergeLists>['list'],
  sliceEnd: number,
): Promise<Uint8Array> {
  const shard = projectShard(sources.spec);
  const input = { key: { shard }, past: pastKeysOfShard(sources, shard), peers, sliceEnd };
  return (await untilThere(sources, () => sources.deps.pool.establish(input))).peers;
}
