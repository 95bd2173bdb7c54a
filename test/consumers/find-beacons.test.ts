import { describe, expect, it } from 'vitest';
import { resolveBatchSpec } from '../../src/config/job-specs.ts';
import { type EmitSources, emitShard, keyOf, pastKeysOfShard } from '../../src/consumers/emit.ts';
import { findBeacons } from '../../src/consumers/find-beacons.ts';
import { projectShard } from '../../src/consumers/lookback-plan.ts';
import { createStages, type EmittedRows } from '../../src/consumers/stages.ts';
import { inlinePool } from '../../src/consumers/work-pool.ts';
import { textOf } from '../../src/operators/address-book.ts';
import type { BeaconRows } from '../../src/operators/beacon-rows.ts';
import { rollUpDay } from '../../src/operators/day-rollup.ts';
import { knownRowsOf } from '../../src/operators/known-rows.ts';
import { baseOf } from '../../src/operators/lookback-base.ts';
import { timedRowsOf } from '../../src/operators/pair-timings.ts';
import { projectSliceOf } from '../../src/operators/project-slice.ts';
import { encodeBlock } from '../../src/state/block-codec.ts';
import { openDirectoryRawFiles } from '../../src/state/raw-files/directory.ts';
import type { BlockStores, WindowState } from '../../src/state/window-state.ts';
import { lineageOf, sliceDatasetsOf, sliceOf } from '../operators/product-run.ts';
import { type Beacons, beaconsOfBlocks, type OutboundPair } from '../support/beacon-blocks.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const DAY = 86_400_000;
const SLICES = 14;
const office = officeMiniBatches({ seed: 11, hosts: 24, slices: SLICES, doubled: [SLICES - 1], silent: [3] });
const spec = resolveBatchSpec({ project: 'default', version: 'v1', items: [] });
const current = office.at(-1)!;
const today = Math.floor(current.sliceEnd / DAY) * DAY;

function memory(): WindowState & { readonly blocks: Map<string, Uint8Array> } {
  const blocks = new Map<string, Uint8Array>();
  return {
    blocks,
    get: async (key) => blocks.get(JSON.stringify(Object.values(key))),
    async put(key, block) {
      blocks.set(JSON.stringify(Object.values(key)), block);
      return 'stored';
    },
    async prune() {},
  };
}

const slicesOf = (shards: number) =>
  office.map((miniBatch) => {
    const { id: miniBatchId, sliceEnd } = miniBatch;
    const slice = sliceOf({ ...miniBatch, batchEnd: sliceEnd }, {}, { shards });
    const blocks = slice.rows.shards.map((roles) => ({
      miniBatchId,
      sliceEnd,
      addresses: slice.rows.addresses,
      roles,
    }));
    return {
      miniBatch,
      slice,
      blocks,
      batch: { miniBatchId, sliceEnd, manifest: { sha256: miniBatchId.padEnd(64, '0') } },
    };
  });

/** A project whose earlier mini-batches are sealed, and whose hosts did the same eight days ago. */
async function sealedProject(shards: number) {
  const stores = {
    ...{ windows: memory(), timings: memory(), days: memory(), bases: memory(), baselines: memory() },
  } satisfies BlockStores;
  const pool = inlinePool(createStages(stores, openDirectoryRawFiles()));
  const slices = slicesOf(shards);
  const weekAgo = slices.map(({ blocks }) => {
    const moved = blocks.map((block) => ({ ...block, sliceEnd: block.sliceEnd - 8 * DAY }));
    return projectSliceOf(moved[0]!, moved, spec.segmentMapping);
  });
  const day = today - 8 * DAY;
  const sources = {
    deps: { stores, pool, shards } as unknown as EmitSources['deps'],
    spec,
    plan: {
      today,
      days: [{ day, batches: [], digest: 'a' }],
      projectDays: 8,
      rules: { minDays: 7, rarePeer: 1, rarePort: 1 },
    },
    earlier: slices.slice(0, -1).map(({ batch }) => batch) as unknown as EmitSources['earlier'],
  } satisfies EmitSources;
  for (const [n, { blocks }] of slices.slice(0, -1).entries()) {
    for (const [shard, block] of blocks.entries()) {
      const key = keyOf({ shards }, spec, shard, sources.earlier[n]!);
      await pool.seal({ kind: 'slice', key, block, timed: timedRowsOf(block.roles.outbound) });
    }
  }
  const putBase = async (shard: ReturnType<typeof projectShard> | number, days: Parameters<typeof rollUpDay>[0]) => {
    const { base } = pastKeysOfShard(sources, shard);
    await stores.bases.put(base!, encodeBlock('base', baseOf([{ day, rollup: rollUpDay(days) }], today)));
  };
  await putBase(projectShard(spec), weekAgo);
  for (let shard = 0; shard < shards; shard++) await putBase(shard, []);
  return { sources, stores, blocks: slices.at(-1)!.blocks };
}

const known = knownRowsOf([], { yesterday: null, base: null }, current.sliceEnd);
const emitAll = ({ sources, blocks }: Awaited<ReturnType<typeof sealedProject>>): Promise<EmittedRows[]> =>
  Promise.all(
    blocks.map((block, shard) =>
      emitShard(sources, shard, block, known, {
        timed: timedRowsOf(block.roles.outbound),
        infrastructure: spec.infrastructure,
      }),
    ),
  );

function byHost(emitted: readonly EmittedRows[], rows: readonly BeaconRows[]): Beacons {
  const found: Record<string, Beacons[string]> = {};
  emitted.forEach(({ windows: { addresses, hosts } }, shard) => {
    const own = rows[shard]!;
    hosts.forEach((id, host) => {
      found[textOf(addresses, id)] = {
        beacon_suspicion_score: own.score[host]!,
        beacon_peer: own.peer[host]!,
        beacon_port: own.port[host]!,
        beacon_interval_sec: Number.isNaN(own.intervalSec[host]!) ? null : own.intervalSec[host]!,
        beacon_cadence: own.cadence[host]!,
        beacon_prior: own.prior[host]!,
        beacon_prevalence: own.prevalence[host]!,
        strobe_score: own.strobe[host]!,
        long_session_hours: own.longSessionHours[host]!,
      };
    });
  });
  return found;
}

/** From published rows; what the office's hosts talk to, they talked to eight days ago. */
function wanted(): Beacons {
  const miniBatches = slicesOf(1).map(({ miniBatch, slice }) => {
    const published = { ...miniBatch, batchEnd: miniBatch.sliceEnd };
    const { delta, pair_context } = sliceDatasetsOf(published, slice);
    const pairs = pair_context
      .filter(({ role }) => role === 'outbound')
      .map(
        (row) =>
          ({
            host: row['host_ip'],
            peer: row['peer_ip'],
            port: row['peer_port'],
            sessions: row['sessions_cnt'],
            bytesSent: row['bytes_sent_sum'],
            zeroReply: row['zero_reply_cnt'],
            firstEvent: row['first_event_ts'],
            starts: row['starts'],
            maxDuration: row['max_duration_ms'],
          }) as unknown as OutboundPair,
      );
    const active = delta.map((row) => row['host_ip'] as string);
    return { miniBatchId: miniBatch.id, sliceEnd: lineageOf(published).sliceEnd, active, pairs };
  });
  return beaconsOfBlocks(miniBatches, current.id, 1, {
    infrastructure: [],
    isYoung: () => false,
    isEstablished: (peer) => miniBatches.some(({ pairs }) => pairs.some((pair) => pair.peer === peer)),
  });
}

describe.each([1, 4])('beacons of a mini-batch in %i shards', (shards) => {
  it('are those of its published rows', async () => {
    const project = await sealedProject(shards);
    const emitted = await emitAll(project);
    const rows = await findBeacons(
      project.sources,
      emitted.map(({ beacons }) => beacons!),
      current.sliceEnd,
    );
    const found = byHost(emitted, rows);
    expect(found).toEqual(wanted());
    expect(Object.values(found).filter((host) => Number(host['beacon_suspicion_score']) > 0).length).toBeGreaterThan(5);
  });

  it('are not looked for unless asked', async () => {
    const { sources, blocks } = await sealedProject(shards);
    expect((await emitShard(sources, 0, blocks[0]!, known)).beacons).toBeNull();
  });

  it('need the timings of every block: what is lost is said', async () => {
    const { sources, stores, blocks } = await sealedProject(shards);
    const timed = timedRowsOf(blocks[0]!.roles.outbound);
    const fresh = createStages(stores, openDirectoryRawFiles());
    const lost = keyOf({ shards }, spec, 0, sources.earlier[2]!);
    stores.timings.blocks.delete(JSON.stringify(Object.values(lost)));
    const answer = await fresh.emit({
      ...{ shard: 0, current: blocks[0]!, beacons: { timed, infrastructure: [] } },
      earlier: sources.earlier.map((batch) => keyOf({ shards }, spec, 0, batch)),
      options: {
        places: { hostNetworks: spec.hostNetworks, segmentMapping: spec.segmentMapping, highRiskSegments: [] },
        adminPorts: [],
      },
      past: pastKeysOfShard(sources, 0),
      lookback: { known, days: 8, rules: sources.plan.rules },
    });
    expect(answer).toEqual({ is: 'missing', keys: [lost] });
  });
});
