import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { scope } from '../lifecycle.ts';
import { FG_A_SCHEMA } from '../operators/fg-a.ts';
import { isText, type Table } from '../operators/table.ts';
import { formatInstant } from '../operators/time.ts';
import type { Incident } from '../simulation/incidents.ts';
import { officeTraffic } from '../simulation/office.ts';
import { readManifest } from '../state/manifest.ts';
import { decodeParquet } from '../state/parquet.ts';
import { backfillFolders } from './backfill.ts';
import { type Command, type CommandContext, EXIT } from './command.ts';
import { findMiniBatchFolders } from './folders.ts';
import { type Home, openHome } from './home.ts';
import { duration } from './report.ts';

/** Half a working day of an office of 120 hosts, the same on every machine. */
const OFFICE = { seed: 1, hosts: 120, slices: 48, start: Date.UTC(2026, 2, 2, 7, 8) };
const ID_PATTERN = '{yyyy}{mm}{dd}T{HH}{MM}';
const LINES_PER_FILE = 1000;

export const demo: Command = {
  summary: 'Play half a day of generated office traffic, with three hidden incidents, through the pipeline.',
  usage: 'ndr demo [--once]',
  examples: ['ndr demo', 'ndr demo --home /tmp/try-ndr'],
  flags: {
    once: { type: 'boolean', doc: 'End after the demo; it does so anyway as long as there is nothing to serve.' },
  },
  run: (given) =>
    scope(async (onExit) => {
      const { terminal, clock } = given;
      const context: CommandContext = {
        ...given,
        flags: { ...given.flags, quiet: true },
        settings: { ...given.settings, 'input.id_pattern': ID_PATTERN, 'input.slice_time': 'id_pattern' },
      };
      const home = await openHome(context, onExit);
      const begun = clock();
      const inbox = join(home.folder, 'inbox');
      const traffic = officeTraffic(OFFICE);
      for (const slice of traffic.slices) {
        terminal.progress(`making traffic, slice ${slice.index + 1} of ${OFFICE.slices}`);
        await writeSlice(inbox, slice);
      }
      const report = await backfillFolders(context, home, await findMiniBatchFolders(inbox));
      if (report.isStopped) {
        terminal.note('stopped; run the same command again to go on');
        return EXIT.failed;
      }
      if (report.counts.failed > 0) return EXIT.failed;
      const seen = await lookBack(home);
      const seconds = (clock() - begun) / 1000;
      if (context.flags['json'] === true)
        terminal.out(JSON.stringify({ ...report.counts, lines: report.lines, lake: home.lakeFolder, seen }));
      else for (const line of story(home, report, seconds, seen, traffic.incidents)) terminal.out(line);
      return EXIT.done;
    }),
};

/** Writes a slice's lines where a forwarder would leave them; a folder that is there already stays as it is. */
async function writeSlice(
  inbox: string,
  { end, lines }: { readonly end: number; readonly lines: readonly string[] },
): Promise<void> {
  const text = formatInstant(end);
  const [year, month, day] = text.slice(0, 10).split('-') as [string, string, string];
  const folder = join(inbox, year, month, day, `${year}${month}${day}T${text.slice(11, 13)}${text.slice(14, 16)}`);
  if (await stat(folder).catch(() => undefined)) return;
  const unfinished = join(inbox, `_${text}`);
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  for (let start = 0; start < lines.length; start += LINES_PER_FILE) {
    const part = `${lines.slice(start, start + LINES_PER_FILE).join('\n')}\n`;
    await writeFile(join(unfinished, `part-${start / LINES_PER_FILE}.json.gz`), gzipSync(part));
  }
  await mkdir(dirname(folder), { recursive: true });
  await rename(unfinished, folder);
}

interface Finding {
  readonly host: string;
  readonly value: number;
  readonly window_end: string;
}

/** The hosts that stand out most in single columns: no model yet, just the largest values of the day. */
const LOOKS = {
  peer_port_nunique_w_1h: 'most ports tried in an hour',
  external_bytes_sent_w_1h: 'most bytes sent outside in an hour',
  deny_cnt_w_24h: 'most sessions denied in a day',
} as const;
type Look = keyof typeof LOOKS;
type Seen = Readonly<Record<Look, readonly Finding[]>>;

async function lookBack({ deps, spec }: Home): Promise<Seen> {
  const best = Object.fromEntries(Object.keys(LOOKS).map((look) => [look, new Map<string, Finding>()])) as Record<
    Look,
    Map<string, Finding>
  >;
  const { project, featureSpecVersion } = spec;
  const whole = await deps.index.committedBetween(project, featureSpecVersion, -8.64e15, 8.64e15);
  for (const { manifest, sliceEnd } of whole) {
    const { datasets } = await readManifest(deps.lake, manifest);
    for (const { path } of datasets['fg_a']?.files ?? []) {
      const columns = ['host_ip', ...Object.keys(LOOKS)];
      const table = decodeParquet(await deps.lake.read(path), FG_A_SCHEMA, { source: path, columns });
      for (const look of Object.keys(LOOKS) as Look[]) keepBest(table, look, formatInstant(sliceEnd), best[look]);
    }
  }
  const top = (found: ReadonlyMap<string, Finding>): Finding[] =>
    [...found.values()].sort((a, b) => b.value - a.value || (a.host < b.host ? -1 : 1)).slice(0, 3);
  return Object.fromEntries(Object.entries(best).map(([look, found]) => [look, top(found)])) as unknown as Seen;
}

function keepBest(table: Table, look: Look, window_end: string, best: Map<string, Finding>): void {
  const hosts = table.columns['host_ip'];
  const values = table.columns[look];
  if (hosts === undefined || !isText(hosts) || !(values instanceof Float64Array)) return;
  for (let row = 0; row < table.length; row++) {
    const host = hosts.values[hosts.codes[row]!]!;
    const value = values[row]!;
    if (value > (best.get(host)?.value ?? 0)) best.set(host, { host, value, window_end });
  }
}

function story(
  home: Home,
  {
    counts,
    lines,
  }: { readonly counts: { readonly committed: number; readonly skipped: number }; readonly lines: number },
  seconds: number,
  seen: Seen,
  incidents: readonly Incident[],
): string[] {
  const number = (value: number): string => Math.round(value).toLocaleString('en-US');
  const lake = relative(process.cwd(), home.lakeFolder) || home.lakeFolder;
  const done =
    counts.committed > 0
      ? `${counts.committed} mini-batches, ${number(lines)} log lines, committed in ${duration(seconds)}` +
        (counts.skipped > 0 ? `; ${counts.skipped} stood already` : '')
      : `${counts.skipped} mini-batches stood already: the same input changes nothing`;
  return [
    done,
    '',
    ...(Object.keys(LOOKS) as Look[]).flatMap((look) => [
      `${LOOKS[look]} (${look})`,
      ...seen[look].map(
        ({ host, value, window_end }) => `  ${host.padEnd(16)} ${number(value).padStart(14)}   ${window_end}`,
      ),
    ]),
    '',
    'What was hidden in the traffic:',
    ...incidents.map(({ kind, host, peer }) => `  ${kind.replace('_', ' ')}: ${host} -> ${peer}`),
    '  (the beacon shows in no single column: that takes the baselines and scores that are not built yet)',
    '',
    `The Parquet lies in ${lake}. One line that opens it:`,
    `  duckdb -c "from read_parquet('${lake}/${home.spec.project}/fg_a/**/*.parquet', hive_partitioning=true) limit 5"`,
    'Next:',
    '  bin/ndr backfill --input YOUR_LOGS      your own logs, in folders YYYY/MM/DD/<mini-batch>',
    '  bin/ndr catalog | less                  what every column means',
  ];
}
