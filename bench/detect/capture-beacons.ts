import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { table } from '../../scripts/prove/evidence.ts';
import { CAPTURE_FIELD_MAPPING, writeCaptureFolders } from '../../test/oracle/captures.ts';
import { writeSpecs } from '../../test/support/command-run.ts';
import { fileScan, openReader, readManifests } from '../../test/support/committed-lake.ts';
import { startNdr } from '../../test/support/ndr-process.ts';
import { placesOf, precisionOf } from './precision.ts';
import { DAY, dateOf, iso, SLICE } from './timeline.ts';

const CAPTURE = 'trickbot_week_2018_11';
/** Labels of flows to a command server, and of other encrypted ones to the outside. */
const CONTROL = /C2/;
const ENCRYPTED = /external-tls/;
const SLICE_PHASE = 8 * 60_000;
const DRAWS = 2000;

/**
 * Plays a week of a real infection and ranks its rows by beacon_suspicion_score. Nothing was tuned on it.
 *
 * @param captures folder of the capture
 * @param folder workplace, made anew
 */
export async function captureLines(captures: string, folder: string): Promise<string[]> {
  const capture = join(resolve(captures), `${CAPTURE}.ndjson.gz`);
  const [home, raw] = [join(folder, 'home'), join(folder, 'raw')];
  rmSync(folder, { recursive: true, force: true });
  const miniBatches = writeCaptureFolders(capture, raw);
  // Deviations need a baseline, beacons do not: what there is after an hour will do.
  const settled = miniBatches.find(({ sliceEnd }) => sliceEnd >= miniBatches[0]!.sliceEnd + 4 * SLICE)!.sliceEnd;
  writeSpecs(home, {
    delta_builder: { input: { field_mapping: CAPTURE_FIELD_MAPPING } },
    fg_b_builder: { safety_gaps: { '7d': { head_days: 0 } }, max_missing_ratio: 1 },
    fg_c_builder: { baseline_effect_delay: '0h', horizons_published: '7d' },
  });
  const backfill = ['backfill', '--home', home, '--input', raw];
  await ndr([...backfill, '--to', iso(settled)]);
  await ndr(['baselines', '--home', home, '--horizon', '7d', '--ref', iso(settled)]);
  await ndr([...backfill, '--from', iso(settled)]);
  const rows = labelled(await scores(home), await labels(capture));
  return report(miniBatches.length, rows);
}

async function ndr(args: readonly string[]): Promise<void> {
  const settings = { NDR_INPUT_SLICE_TIME: 'max_event_end', NDR_SHARDS: '1', NDR_THREADS: '1' };
  const { code, stderr, stdout } = await startNdr([...args, '--json'], settings).ended;
  if (code !== 0) throw new Error(`ndr ${args.join(' ')} ended with ${code}: ${stderr}${stdout.slice(-3).join('\n')}`);
}

interface Labels {
  /** Peers of flows to a command server, by host and end of the slice in which they ended. */
  readonly control: ReadonlyMap<string, ReadonlySet<string>>;
  /** The same of all encrypted flows to the outside. */
  readonly encrypted: ReadonlyMap<string, ReadonlySet<string>>;
}

async function labels(capture: string): Promise<Labels> {
  const control = new Map<string, Set<string>>();
  const encrypted = new Map<string, Set<string>>();
  for (const line of gunzipSync(await readFile(capture))
    .toString('utf8')
    .split('\n')) {
    if (line === '') continue;
    const flow = JSON.parse(line) as Record<string, string>;
    const sliceEnd = Math.ceil((Date.parse(flow['event_end']!) - SLICE_PHASE) / SLICE) * SLICE + SLICE_PHASE;
    const key = `${flow['source_ip']} ${sliceEnd}`;
    for (const [label, found] of [
      [CONTROL, control],
      [ENCRYPTED, encrypted],
    ] as const)
      if (label.test(flow['_label'] ?? '')) found.set(key, (found.get(key) ?? new Set()).add(flow['destination_ip']!));
  }
  return { control, encrypted };
}

interface ScoredRow {
  readonly host: string;
  readonly end: number;
  readonly score: number;
  readonly peer: string;
}

async function scores(home: string): Promise<ScoredRow[]> {
  const reader = await openReader();
  const files = readManifests(home).flatMap(({ datasets }) => datasets['fg_c']?.files.map(({ path }) => path) ?? []);
  const result = await reader.runAndReadAll(
    'SELECT host_ip, epoch_ms(window_end_ts)::DOUBLE, beacon_suspicion_score, beacon_peer ' +
      `FROM ${fileScan(home, files)} ORDER BY window_end_ts, host_ip`,
  );
  reader.closeSync();
  return (result.getRowsJS() as [string, number, number, string][]).map(([host, end, score, peer]) => ({
    host,
    end,
    score,
    peer,
  }));
}

interface LabelledRow extends ScoredRow {
  readonly hasControl: boolean;
  readonly namesControl: boolean;
  readonly hasEncrypted: boolean;
}

const labelled = (rows: readonly ScoredRow[], { control, encrypted }: Labels): LabelledRow[] =>
  rows.map((row) => {
    const key = `${row.host} ${row.end}`;
    const servers = control.get(key);
    return {
      ...row,
      hasControl: servers !== undefined,
      namesControl: servers?.has(row.peer) ?? false,
      hasEncrypted: servers !== undefined || encrypted.has(key),
    };
  });

function report(slices: number, rows: readonly LabelledRow[]): string[] {
  const places = placesOf(rows, (a, b) => b.score - a.score);
  // Slices of one day are alike: days of hosts are drawn, not slices.
  const dayOf = ({ host, end }: ScoredRow): string => `${host} ${dateOf(end)}`;
  const unitOf = new Map([...new Set(rows.map(dayOf))].map((day, unit) => [day, unit]));
  const line = (name: string, isIt: (row: LabelledRow) => boolean): (string | number)[] => {
    const ranked = rows.map((row, i) => ({ place: places[i]!, isPositive: isIt(row), unit: unitOf.get(dayOf(row))! }));
    const positives = rows.filter(isIt).length;
    const { value, low, high } = precisionOf(ranked, DRAWS);
    const share = (positives / rows.length).toFixed(3);
    return [name, positives, share, `${value.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`];
  };
  const days = (rows.at(-1)!.end - rows[0]!.end) / DAY;
  return [
    '## A real infection',
    '',
    `\`${CAPTURE}\`: ${slices} slices in ${days.toFixed(1)} days, ${rows.length.toLocaleString('en-US')} scored rows of ${new Set(rows.map(({ host }) => host)).size} hosts, ranked by \`beacon_suspicion_score\`. ` +
      'There is no bar, and nothing was tuned on it. Intervals draw days of hosts.',
    '',
    ...table(
      ['positive are', 'rows', 'share of all', 'average precision'],
      [
        line('rows with flows to a command server (ports 447, 449)', ({ hasControl }) => hasControl),
        line('of those, the ones whose beacon_peer is such a server', ({ namesControl }) => namesControl),
        line('rows with flows to a command server, or other encrypted ones', ({ hasEncrypted }) => hasEncrypted),
      ],
    ),
    '',
    "The capture's labels go by port. The same clock, of 200 to 210 seconds, knocks at port 443 of other addresses, which are labelled as encrypted only",
    'and rank as high: the last line counts rows with those as well.',
  ];
}
