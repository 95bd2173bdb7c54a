import { ipMetadataTable, type LevelKeys } from '../operators/baseline-datasets.ts';
import type { FgBTable } from '../state/baseline-publications.ts';
import type { Lake } from '../state/lake.ts';
import type { ManifestDataset, ManifestFile } from '../state/manifest.ts';
import { type EncodedPart, partFiles, partRanges, publishParts } from '../state/publish.ts';
import type { BinReport } from './baseline-bin.ts';
import { type BaselineLayout, metadataInOrder, type TableLayout } from './baseline-layout.ts';
import { type BaselineDeps, inThreads, type Progress } from './baseline-run.ts';
import type { MeasuredFile } from './baseline-tables.ts';

export type TableFiles = Readonly<Record<FgBTable, ManifestDataset>>;

/** Rows of a file of statistics: with thousands of columns, what a thread can hold while it encodes them. */
const STATISTICS_ROWS_PER_PART = 2_000;

/** Where files go. */
export interface FilePlace {
  readonly deps: BaselineDeps;
  readonly folderOf: (table: string) => string;
  readonly progress: Progress;
}

/** Writes parts that are in hand; `first`: the number of the first. */
export async function publishTable(
  lake: Lake,
  folder: string,
  parts: readonly EncodedPart[],
  first = 0,
): Promise<ManifestDataset> {
  const files = partFiles(folder, parts, first);
  await publishParts(lake, files);
  const told = files.map(({ content: _, ...file }) => file);
  return { folders: [folder], rows: rowsIn(told), files: told };
}

export const rowsIn = (files: readonly ManifestFile[]): number => files.reduce((rows, file) => rows + file.rows, 0);

interface Measured {
  readonly joinKeys: readonly string[];
  readonly layout: BaselineLayout;
  readonly reports: readonly BinReport[];
  readonly measured: readonly MeasuredFile[];
}

/** Writes the tables of statistics and of what is known of hosts. */
export async function baselineFiles(
  place: FilePlace,
  { joinKeys, layout, reports, measured }: Measured,
): Promise<Pick<TableFiles, 'host' | 'segment' | 'ip_metadata'>> {
  const { deps, folderOf, progress } = place;
  const size = { hosts: layout.hosts.owners.length, segments: layout.segments.owners.length };
  const write = async (
    table: FgBTable,
    ranges: readonly (readonly [number, number])[],
    encode: (from: number, to: number) => Promise<EncodedPart>,
  ): Promise<ManifestDataset> => {
    const folder = folderOf(table);
    const written = await inThreads(deps, ranges, progress, `writing ${table}`, async ([from, to], number) =>
      publishTable(deps.lake, folder, [await encode(from, to)], number),
    );
    const files = written.flatMap((part) => part.files);
    return { folders: [folder], rows: rowsIn(files), files };
  };
  const statistics = (level: 'host' | 'segment', rows: TableLayout) =>
    write(level, partRanges(rows.owners.length, STATISTICS_ROWS_PER_PART), (from, to) =>
      deps.pool.run('encodeStatistics', {
        ...{ level, measured, joinKeys, from, to, ...size },
        owners: rows.owners.slice(from, to),
        segmentIds: rows.segmentIds.slice(from, to),
        band: rows.band?.slice(from, to) ?? null,
        hostsCount: level === 'segment' ? layout.hostsCount.slice(from, to) : new Float64Array(0),
        sampleRate: level === 'segment' ? layout.sampleRate.slice(from, to) : new Float64Array(0),
      }),
    );
  const { owners, segmentIds, band } = layout.hosts;
  const keys: LevelKeys = {
    owner: 'host_ip',
    length: owners.length,
    owners: (group) => owners[group]!,
    segments: (group) => segmentIds[group]!,
    band,
  };
  const metadata = ipMetadataTable(joinKeys, keys, metadataInOrder(reports, layout.hosts));
  return {
    host: await statistics('host', layout.hosts),
    segment: await statistics('segment', layout.segments),
    ip_metadata: await write('ip_metadata', partRanges(owners.length), (start, end) =>
      deps.pool.run('encodeTable', { table: metadata, start, end }),
    ),
  };
}
