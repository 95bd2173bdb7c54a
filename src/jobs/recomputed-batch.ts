import type { BatchSpec } from '../config/batch-spec.ts';
import type { AdvancedBatch } from '../consumers/advance.ts';
import type { LookbackPlan } from '../consumers/lookback-plan.ts';
import { furtherPortSetsOf, windowOptionsOf } from '../consumers/slice-plan.ts';
import { committedSlices } from '../consumers/standing.ts';
import { textOf } from '../operators/address-book.ts';
import { calendarOf } from '../operators/calendar.ts';
import { deltaSchema, type Span } from '../operators/datasets.ts';
import { deltaTable } from '../operators/delta-table.ts';
import { AGE_FEATURES, FG_A_SCHEMA, fgATable, orderHosts } from '../operators/fg-a.ts';
import { fgAPairContextTable, orderWindowPairs, windowPairsOf } from '../operators/fg-a-pairs.ts';
import { healthOf } from '../operators/health.ts';
import { type KnownRows, knownRowsOf } from '../operators/known-rows.ts';
import type { Lookback } from '../operators/lookback.ts';
import { pairContextTable, pairCountsTable } from '../operators/pair-tables.ts';
import type { PastSlice } from '../operators/past-rows.ts';
import type { SliceRows } from '../operators/slice-rows.ts';
import type { Table } from '../operators/table.ts';
import { type SliceBlock, windowRowsOf } from '../operators/windows.ts';
import type { BatchIndex, CommittedBatch } from '../state/batch-index.ts';
import { type Lake, NotFound } from '../state/lake.ts';
import { partRanges } from '../state/publish.ts';
import { type DatasetDiff, diffDataset, isEqual } from './dataset-diff.ts';
import { DATASET_KEYS, partsOf } from './dataset-parts.ts';
import type { PublishedPast } from './published-past.ts';
import { hostParts, hostTable, partOf, partsOfHosts } from './published-rows.ts';
import type { Part } from './sorted-join.ts';
import { nearly } from './table-cells.ts';
import { selectRows } from './table-rows.ts';
import type { VerificationTarget } from './verification-plan.ts';

/** What is kept of a mini-batch whose raw files were read again. */
export interface RecomputedSlice {
  readonly is: 'kept';
  /** Why it may not be what was committed. */
  readonly doubts: readonly string[];
  /** Of the sampled hosts. */
  readonly block: SliceBlock;
  /** Of all hosts together. */
  readonly project: PastSlice;
}

export interface VerifiedBatch {
  readonly is: 'verified';
  readonly batch: CommittedBatch;
  /** Whose windows were computed again. */
  readonly hosts: readonly string[];
  readonly datasets: readonly DatasetDiff[];
  /** What is not as it was when the mini-batch was committed. */
  readonly doubts: readonly string[];
  /** Columns that were not compared, and why. */
  readonly leftOut: { readonly columns: readonly string[]; readonly why: string } | null;
}

interface ComparisonDeps {
  readonly lake: Lake;
  readonly index: BatchIndex;
  readonly spec: BatchSpec;
  readonly readPast: (plan: LookbackPlan) => Promise<PublishedPast>;
}

interface ComparisonOptions {
  readonly sample: readonly string[];
  readonly doubts: readonly string[];
  readonly withLookback: boolean;
  readonly mostRows: number;
}

/** FG-A columns that read more than the windows. */
const LOOKBACK_COLUMNS: readonly string[] = Object.keys(FG_A_SCHEMA).filter(
  (name) => name.includes('_lookback30d') || name.startsWith('new_to_project_') || Object.hasOwn(AGE_FEATURES, name),
);

/** Compares what came out for a mini-batch with what was published of it. `slices`: it and those before it, in order. */
export async function compareWithPublished(
  deps: ComparisonDeps,
  target: VerificationTarget,
  advanced: AdvancedBatch,
  slices: readonly RecomputedSlice[],
  options: ComparisonOptions,
): Promise<VerifiedBatch> {
  const { lake, spec } = deps;
  const { batch, manifest, slice } = target;
  const { sample, mostRows, doubts } = options;
  const compare = (dataset: string, published: readonly Part[], computed: readonly Part[], except?: Set<string>) =>
    diffDataset(dataset, published, computed, {
      key: DATASET_KEYS[dataset] ?? ['host_ip'],
      same: nearly,
      mostRows,
      ...(except === undefined ? {} : { except }),
    });
  const { rows } = advanced;
  const further = furtherPortSetsOf(spec);
  const schema = deltaSchema(spec.operators, further);
  const datasets: DatasetDiff[] = [
    await compare(
      'delta',
      partsOf(lake, manifest, 'delta'),
      inParts(rows.order.length, (span) => deltaTable(schema, rows, slice, further, span)),
    ),
    await compare(
      'pair_context',
      partsOf(lake, manifest, 'pair_context'),
      inParts(rows.pairOrder.length, (span) => pairContextTable(rows, slice, span)),
    ),
    await compare(
      'pair_counts',
      partsOf(lake, manifest, 'pair_counts'),
      inParts(rows.pairCounts.length, (span) => pairCountsTable(rows, slice, span)),
    ),
  ];
  if (!spec.fgA.enabled) return { is: 'verified', batch, hosts: [], datasets, doubts, leftOut: null };

  const wanted = new Set(sample);
  const windows = await windowsOf(deps, target, advanced.lag, slices, wanted, options.withLookback);
  const compareFgA = (except?: Set<string>) =>
    compare('fg_a', partsOfHosts(lake, manifest, 'fg_a', wanted), partOf(windows.fgA), except);
  let why = windows.lookbackFault;
  let fgA = await compareFgA(why === null ? undefined : new Set(LOOKBACK_COLUMNS));
  if (why === null && !isEqual(fgA) && target.lookbackDoubt !== null) {
    why = target.lookbackDoubt;
    fgA = await compareFgA(new Set(LOOKBACK_COLUMNS));
  }
  const published = partsOfHosts(lake, manifest, 'fg_a_pair_context', wanted);
  datasets.push(
    await compare('fg_a hosts', hostParts(lake, manifest), partOf(hostTable(activeHosts(rows)))),
    fgA,
    await compare('fg_a_pair_context', published, partOf(windows.pairs)),
  );
  const leftOut = why === null ? null : { columns: LOOKBACK_COLUMNS, why };
  return { is: 'verified', batch, hosts: sample, datasets, doubts, leftOut };
}

const inParts = (rows: number, tableOf: (span: Span) => Table): Part[] =>
  partRanges(rows).map(([start, end]) => ({
    rows: end - start,
    digest: null,
    source: 'what was computed again',
    open: async () => tableOf({ start, end }),
  }));

interface RecomputedWindows {
  readonly fgA: Table;
  readonly pairs: Table;
  /** Why columns that look back are not to be compared; null: they are. */
  readonly lookbackFault: string | null;
}

async function windowsOf(
  { index, spec, readPast }: ComparisonDeps,
  { slice, earlier, lookback: plan }: VerificationTarget,
  lag: number,
  slices: readonly RecomputedSlice[],
  wanted: ReadonlySet<string>,
  withLookback: boolean,
): Promise<RecomputedWindows> {
  const past = await pastOf(readPast, plan, withLookback);
  const { projectDays: days, rules } = plan;
  const projects = slices.map(({ project }) => project);
  const lookback: Lookback = {
    ...past.hosts,
    known: past.fault === null ? knownRowsOf(projects, past.project, slice.sliceEnd) : NOTHING_KNOWN,
    days,
    rules,
  };
  // Other targets have samples of their own, whose hosts stand in these blocks too.
  const blocks = slices.map(({ block }) => block);
  const own = blocks.at(-1)!;
  const rows = windowRowsOf(blocks, own, windowOptionsOf(spec), lookback);
  const order = orderHosts([rows]);
  const health = healthOf(slice.sliceEnd, await committedSlices(index, spec, slice, earlier), lag);
  const calendar = calendarOf(slice.sliceEnd, spec.calendar);
  const ofSlice = blocks.filter(({ sliceEnd }) => sliceEnd === own.sliceEnd);
  const pairs = [windowPairsOf(ofSlice, own)];
  const pairOrder = orderWindowPairs(pairs);
  const fgA = fgATable([rows], order, slice, calendar, health, { days, rules }, { start: 0, end: order.row.length });
  const pairTable = fgAPairContextTable(pairs, pairOrder, slice, { start: 0, end: pairOrder.length });
  return {
    fgA: selectRows(fgA, 'host_ip', wanted),
    pairs: selectRows(pairTable, 'host_ip', wanted),
    lookbackFault: past.fault,
  };
}

const NOTHING_BEFORE = { yesterday: null, base: null } as const;
const NO_ROWS = {
  hosts: new Uint32Array(0),
  offsets: new Uint32Array(1),
  peer: new Uint32Array(0),
  port: new Int32Array(0),
  windows: new Uint8Array(0),
} as const;
const NOTHING_KNOWN: KnownRows = {
  addresses: { count: 0, ipv4: new Uint32Array(0), isIpv4: new Uint8Array(0), texts: new Map() },
  roles: { outbound: NO_ROWS, inbound: NO_ROWS },
};

async function pastOf(
  readPast: ComparisonDeps['readPast'],
  plan: LookbackPlan,
  isWanted: boolean,
): Promise<PublishedPast & { readonly fault: string | null }> {
  const nothing = { hosts: NOTHING_BEFORE, project: NOTHING_BEFORE };
  if (!isWanted) return { ...nothing, fault: 'left out, as was asked' };
  try {
    return { ...(await readPast(plan)), fault: null };
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    return { ...nothing, fault: `${error.path}, which the lookback reads, is gone` };
  }
}

/** Hosts with a row in either role, in the order of their texts. */
function activeHosts({ addresses, shards }: SliceRows): string[] {
  const isActive = new Uint8Array(addresses.count);
  for (const { inbound, outbound } of shards)
    for (const { hosts } of [inbound, outbound]) for (const id of hosts) isActive[id] = 1;
  const hosts: string[] = [];
  for (let id = 0; id < addresses.count; id++) if (isActive[id] === 1) hosts.push(textOf(addresses, id));
  return hosts;
}
