import type { BatchSpec } from '../config/batch-spec.ts';
import type { LookbackPlan, PastDay } from '../consumers/lookback-plan.ts';
import { type DayRollup, rollUpDay } from '../operators/day-rollup.ts';
import type { PastDays } from '../operators/lookback.ts';
import { baseOf } from '../operators/lookback-base.ts';
import type { PastSlice } from '../operators/past-rows.ts';
import { projectSliceOf } from '../operators/project-slice.ts';
import { REBUILD_COLUMNS, rebuildBlocks } from '../operators/rebuild.ts';
import type { Table } from '../operators/table.ts';
import { DAY_MS } from '../operators/time.ts';
import type { SliceBlock } from '../operators/windows.ts';
import type { CommittedBatch } from '../state/batch-index.ts';
import type { Lake } from '../state/lake.ts';
import { type Manifest, readManifest } from '../state/manifest.ts';
import { decodeParquet } from '../state/parquet.ts';
import { schemaOfFile } from '../state/parquet-file-schema.ts';
import { selectHosts } from './block-selection.ts';

/** What came before a slice's own day. */
export interface PublishedPast {
  /** Of the hosts that were asked for. */
  readonly hosts: PastDays;
  /** Of what all hosts did together. */
  readonly project: PastDays;
}

interface PublishedDay {
  readonly hosts: DayRollup;
  readonly project: DayRollup;
}

/**
 * Reads the past days of lookbacks from published delta and pair context, mini-batch by mini-batch, past every cache. Days
 * are kept, since the lookbacks of neighbouring slices share them. Throws NotFound where files are gone.
 */
export function createPublishedPast(
  lake: Lake,
  spec: Pick<BatchSpec, 'segmentMapping'>,
  isWanted: (hostIp: string) => boolean,
  onRead: (miniBatchId: string) => void,
): (plan: LookbackPlan) => Promise<PublishedPast> {
  const known = new Map<string, PublishedDay>();

  const dayOf = async ({ day, digest, batches }: PastDay): Promise<PublishedDay> => {
    const name = `${day}/${digest}`;
    const hosts: PastSlice[] = [];
    const project: PastSlice[] = [];
    if (!known.has(name)) {
      for (const batch of batches) {
        onRead(batch.miniBatchId);
        const block = await readBlock(lake, batch);
        hosts.push(selectHosts(block, isWanted));
        project.push(projectSliceOf(batch, [block], spec.segmentMapping));
      }
      known.set(name, { hosts: rollUpDay(hosts), project: rollUpDay(project) });
    }
    return known.get(name)!;
  };

  return async ({ today, days }) => {
    const read: (PublishedDay & { readonly day: number })[] = [];
    for (const day of days) read.push({ day: day.day, ...(await dayOf(day)) });
    const yesterday = read.find(({ day }) => day === today - DAY_MS);
    const older = read.filter((day) => day !== yesterday);
    const pastOf = (whose: keyof PublishedDay): PastDays => ({
      yesterday: yesterday?.[whose] ?? null,
      base:
        older.length === 0
          ? null
          : baseOf(
              older.map((day) => ({ day: day.day, rollup: day[whose] })),
              today,
            ),
    });
    return { hosts: pastOf('hosts'), project: pastOf('project') };
  };
}

/** All hosts of a mini-batch, as its published rows tell. */
async function readBlock(lake: Lake, batch: CommittedBatch): Promise<SliceBlock> {
  const manifest = await readManifest(lake, batch.manifest);
  const delta = await readTables(lake, manifest, 'delta', REBUILD_COLUMNS.delta);
  const pairs = await readTables(lake, manifest, 'pair_context', REBUILD_COLUMNS.pair_context);
  const [block] = rebuildBlocks(batch, delta, pairs, 1);
  return { ...block!, miniBatchId: batch.miniBatchId, sliceEnd: batch.sliceEnd };
}

async function readTables(
  lake: Lake,
  manifest: Manifest,
  dataset: string,
  columns: readonly string[],
): Promise<Table[]> {
  const tables: Table[] = [];
  for (const { path } of manifest.datasets[dataset]?.files ?? []) {
    const bytes = await lake.read(path);
    tables.push(decodeParquet(bytes, schemaOfFile(bytes, path), { source: path, columns }));
  }
  return tables;
}
