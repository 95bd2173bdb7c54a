import { join } from 'node:path';
import type { BatchSpec } from '../config/batch-spec.ts';
import { canonicalJson } from '../config/canonical-json.ts';
import { BASELINE_METRICS } from '../operators/baseline-metrics.ts';
import { sampleRateOf } from '../operators/baseline-rows.ts';
import { formatInstant } from '../operators/time.ts';
import { nameOfPublication } from '../state/baseline-publications.ts';
import type { CommittedBatch } from '../state/batch-index.ts';
import type { MachineNames } from '../state/machine-names.ts';
import { sha256Hex } from '../state/manifest.ts';
import type { BinReport } from './baseline-bin.ts';
import { baselineFiles, type TableFiles } from './baseline-files.ts';
import { fetchRun, readBatches, runsOf, unitsOf } from './baseline-inputs.ts';
import { layOut } from './baseline-layout.ts';
import { binsFor, columnsWithin, planMemory } from './baseline-memory.ts';
import { type BaselineDeps, folderOf, inThreads, progressOf, workFolder } from './baseline-run.ts';
import type { BaselinePeriod } from './baseline-schedule.ts';
import { pairFiles } from './pair-files.ts';
import { binOfSegment, type FeatureSpill, segmentOfText } from './spill-features.ts';

export interface MadeTables {
  readonly tables: TableFiles;
  readonly counts: Readonly<
    Record<'rows_used' | 'rows_left_out' | 'rows_capped' | 'rows_excused' | 'hosts_count', number>
  >;
  readonly miniBatches: number;
}

/** Computes the tables of a publication and writes their files, which nobody sees yet. */
export async function makeTables(
  deps: BaselineDeps,
  spec: BatchSpec,
  period: BaselinePeriod,
  committed: readonly CommittedBatch[],
  names: MachineNames | null,
  madeFrom: string,
): Promise<MadeTables> {
  const { lake, pool } = deps;
  const { baselines: own } = spec;
  const progress = progressOf(deps, period);
  const batches = await readBatches(lake, committed);
  const rows = batches.reduce((n, { fgA }) => n + fgA.reduce((m, file) => m + file.rows, 0), 0);
  const metrics = [...own.metrics, ...otherMetrics(own)];
  const memory = planMemory(deps.sizes, deps.memoryMb, pool.threads, metrics.length);
  const bins = binsFor(deps.sizes, rows);
  const key = sha256Hex(canonicalJson([madeFrom, memory.featureRows, memory.pairRows, bins])).slice(0, 12);
  const folder = await workFolder(deps.workFolder, period, key);

  const runs = runsOf(unitsOf(batches, 'fgA'), memory.featureRows);
  const paths = runs.map((_, run) => join(folder, `features-${run}`));
  progress('reading FG-A', 0, runs.length);
  const spills = await inThreads(
    deps,
    runs,
    progress,
    'reading FG-A',
    async (run, number): Promise<FeatureSpill> =>
      pool.run('spillFeatures', {
        target: paths[number]!,
        batches: await fetchRun(lake, run, 'fg_a'),
        bins,
        metrics,
        minDays: own.minDays,
        segmentMapping: spec.segmentMapping,
      }),
  );
  const sum = (countOf: (spill: FeatureSpill) => number): number => spills.reduce((n, spill) => n + countOf(spill), 0);
  const rowsUsed = sum((spill) => spill.rowsUsed);
  if (rowsUsed === 0)
    throw new Error(
      `baselines ${nameOfPublication(period)} of project ${spec.project}: no host has an FG-A row between ` +
        `${formatInstant(period.start)} and ${formatInstant(period.end)} outside degraded slices; nothing can be learned from it`,
    );
  const byTimeBand = own.joinKeys.includes('time_band');
  const workingRows = sum((spill) => spill.workingRows);
  const bandRows = byTimeBand ? [rowsUsed - workingRows, workingRows] : [rowsUsed];
  const projectRates = bandRows.map((n) => sampleRateOf(n, own.maxGroupRows));
  const namesOfBins = dealNames(names, spec, bins);
  const binPath = (bin: number): string => join(folder, `bin-${bin}`);
  const reports = await inThreads(
    deps,
    namesOfBins,
    progress,
    'weighing rows',
    (ofBin, bin): Promise<BinReport> =>
      pool.run('prepareBin', {
        target: binPath(bin),
        runs: paths,
        bin,
        metrics,
        spec: own,
        supportMinDays: own.supportMinDays[period.horizon],
        timeZone: spec.calendar.timeZone,
        byTimeBand,
        projectRates,
        names: ofBin,
        segmentMapping: spec.segmentMapping,
      }),
  );
  const layout = layOut(reports, byTimeBand, projectRates);
  const size = { hosts: layout.hosts.owners.length, segments: layout.segments.owners.length };
  const together = columnsWithin(
    deps.sizes,
    memory,
    Math.min(rowsUsed, bandRows.length * own.maxGroupRows),
    size.hosts,
  );
  const groups = Array.from({ length: Math.ceil(own.metrics.length / together) }, (_, group) => {
    const [from, to] = [group * together, Math.min(own.metrics.length, (group + 1) * together)];
    return { from, to, path: join(folder, `columns-${from}-${to}`), metrics: own.metrics.slice(from, to) };
  });
  await inThreads(deps, groups, progress, 'measuring', ({ from, to, path }) =>
    pool.run('measureColumns', {
      target: path,
      runs: paths,
      metrics,
      ...{ from, to },
      bins: reports.map((_, bin) => ({
        path: binPath(bin),
        hostPlaces: layout.hosts.places[bin]!,
        segmentPlaces: layout.segments.places[bin]!,
      })),
      ...size,
      projectBand: layout.projectBand,
      projectPlaces: layout.projectPlaces,
      supportMin: own.supportMin,
    }),
  );
  const place = { deps, folderOf: (table: string) => folderOf(spec, period, table), progress };
  const tables = await baselineFiles(place, { joinKeys: own.joinKeys, layout, reports, measured: groups });
  const pairs = own.pairCounts.enabled
    ? await pairFiles(place, spec, period, { batches, reports, pairRows: memory.pairRows, folder })
    : pairFilesNone(place.folderOf);
  return {
    tables: { ...tables, ...pairs },
    miniBatches: committed.length,
    counts: {
      rows_used: rowsUsed,
      rows_left_out: sum((spill) => spill.leftOut),
      rows_capped: reports.reduce((n, report) => n + report.rowsCapped, 0),
      rows_excused: reports.reduce((n, report) => n + report.rowsExcused, 0),
      hosts_count: reports.reduce((n, report) => n + report.hosts.length, 0),
    },
  };
}

const pairFilesNone = (folder: (table: string) => string): Pick<TableFiles, 'pair/host' | 'pair/segment'> => ({
  'pair/host': { folders: [folder('pair/host')], rows: 0, files: [] },
  'pair/segment': { folders: [folder('pair/segment')], rows: 0, files: [] },
});

/** Columns that rows are judged by, without a baseline of their own. */
function otherMetrics({ metrics, capping, requiredMetrics }: BatchSpec['baselines']): string[] {
  const judging = new Set([...capping.keyMetrics, ...requiredMetrics].filter((name) => !metrics.includes(name)));
  return BASELINE_METRICS.map(({ name }) => name).filter((name) => judging.has(name));
}

function dealNames(names: MachineNames | null, { segmentMapping }: BatchSpec, bins: number) {
  const dealt: (readonly [string, readonly string[]])[][] = Array.from({ length: bins }, () => []);
  const segmentOf = segmentOfText(segmentMapping);
  for (const [hostIp, own] of names?.byHost ?? []) dealt[binOfSegment(segmentOf(hostIp), bins)]!.push([hostIp, own]);
  return dealt;
}
