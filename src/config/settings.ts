import type { z } from 'zod';
import { SLICE_TIME_RULES } from './delta-builder.ts';
import { idPattern } from './id-pattern.ts';
import {
  printTable,
  readTable,
  type Setting,
  type SettingSources,
  SettingsError,
  type ValuesOf,
} from './settings-table.ts';
import { projectName, versionName } from './spec-names.ts';
import { decimal, flag, oneOf, text, textLike, value, wholeNumber } from './value-types.ts';

const threads: z.ZodType<number | 'auto'> = value('auto, or a whole number 1..64', (raw) => {
  if (raw === 'auto') return 'auto';
  return wholeNumber(1, 64).safeParse(raw).data;
});

const DAY = 86_400;
const days = wholeNumber(1, 3650);

/**
 * Every setting of the program. The path names it in the YAML file, and, in capitals behind NDR_, in the environment.
 * The reference page is rendered from this table.
 */
export const SETTINGS = {
  home: { doc: 'Folder of specs, lake, state and inbox.', type: text, default: './ndr-home' },
  project: { doc: 'Project that commands act on.', type: projectName, default: 'default' },
  feature_spec_version: {
    doc: "Version of the specs; unset, the route's, the project's default, or the only one there is.",
    type: versionName,
    default: null,
  },
  shards: {
    doc: 'Parts that the hosts are divided into; memory holds two at most. Results do not depend on it.',
    type: wholeNumber(1, 1024),
    default: 1,
  },
  threads: {
    doc: 'Worker threads; auto is one per core, four at most. Results do not depend on it.',
    type: threads,
    default: 'auto',
  },
  'serve.poll_seconds': {
    doc: 'How often the source is asked for new mini-batches.',
    type: decimal(0.1, 3600),
    default: 5,
  },
  'completeness.marker': {
    doc: 'Name of a file whose presence says that a mini-batch is complete, e.g. _SUCCESS.',
    type: textLike('the name of a file, without a slash', /^[^/]+$/),
    default: null,
  },
  'completeness.settle_seconds': {
    doc: 'Without the marker, a mini-batch is complete when its newest file is this old.',
    type: wholeNumber(0, DAY),
    default: 60,
  },
  'completeness.max_wait_seconds': {
    doc: 'A mini-batch is taken as it is, with a warning, after this long.',
    type: wholeNumber(0, DAY),
    default: 600,
  },
  'completeness.recheck_seconds': {
    doc: 'A committed folder is listed again after this long; later files make a new revision.',
    type: wholeNumber(0, DAY),
    default: 900,
  },
  'input.slice_time': {
    doc: "What settles the slice of a mini-batch that nothing announced. auto: id_pattern if set, else last_modified for folders of the last day, else max_event_end. A project's delta_builder spec wins.",
    type: oneOf(...SLICE_TIME_RULES),
    default: 'auto',
  },
  'input.id_pattern': {
    doc: "Time, UTC, in the name of a mini-batch's folder, e.g. {yyyy}{mm}{dd}T{HH}{MM}. A project's delta_builder spec wins.",
    type: idPattern,
    default: null,
  },
  'input.max_file_bytes': {
    doc: 'Bytes that one raw file may hold, inflated; one that holds more is left out, with a warning. The default is some ten million records.',
    type: wholeNumber(1, Number.MAX_SAFE_INTEGER),
    default: 4 * 2 ** 30,
  },
  'input.max_lines': {
    doc: 'Lines that a mini-batch may hold; one that holds more fails, and a single file that does is left out. The default, ten times what 100,000 hosts write, takes some 2 GB of memory.',
    type: wholeNumber(1, 1_000_000_000),
    default: 10_000_000,
  },
  'order.reprocess_affected': {
    doc: 'Mini-batches whose windows a late one changed are published again, after all that is new, if it came at most 2 hours late. What it does not cover is told; ndr replay --affected publishes it.',
    type: flag,
    default: true,
  },
  'state.late_hours': {
    doc: 'Slices kept beyond the longest window, for mini-batches that come late.',
    type: wholeNumber(0, 720),
    default: 24,
  },
  'baselines.memory_mb': {
    doc: 'Memory that ndr baselines may take, all threads together. Results do not depend on it.',
    type: wholeNumber(256, 1_048_576),
    default: 1024,
  },
  'lake.gc_grace_seconds': {
    doc: 'Files of a superseded revision, and files that no revision names, stay this long.',
    type: wholeNumber(0, 30 * DAY),
    default: 3600,
  },
  'retention.delta_days': {
    doc: 'ndr retain removes delta files of slices that ended so long before the newest committed one.',
    type: days,
    default: 45,
  },
  'retention.pair_context_days': { doc: 'The same for pair_context.', type: days, default: 45 },
  'retention.fg_a_pair_context_days': { doc: 'The same for fg_a_pair_context.', type: days, default: 45 },
  'retention.pair_counts_days': { doc: 'The same for pair_counts.', type: days, default: 200 },
  'retention.fg_a_days': { doc: 'The same for fg_a.', type: days, default: 200 },
  'retention.fg_c_days': { doc: 'The same for fg_c.', type: days, default: 200 },
  'retention.baselines_days': {
    doc: 'The same for publications of baselines, by their reference instant; the newest of each horizon stays.',
    type: days,
    default: 190,
  },
  'retention.quarantine_days': {
    doc: 'ndr retain removes quarantined lines and failures that have lain so long, by the clock.',
    type: days,
    default: 30,
  },
  'retention.scratch_days': {
    doc: 'ndr retain removes unfinished files that have lain so long, by the clock.',
    type: days,
    default: 2,
  },
} as const satisfies Record<string, Setting>;

export type Settings = ValuesOf<typeof SETTINGS>;

/** Reads all settings; flags win over the environment, that over the YAML file. Throws one error with every fault. */
export function readSettings(sources: SettingSources): Settings {
  const settings = readTable(SETTINGS, sources);
  const settle = settings['completeness.settle_seconds'];
  const wait = settings['completeness.max_wait_seconds'];
  if (wait < settle) {
    throw new SettingsError([
      `completeness.max_wait_seconds: is ${wait}, less than completeness.settle_seconds (${settle}); no mini-batch would settle`,
    ]);
  }
  return settings;
}

export const printSettings = (settings: Settings): string => printTable(SETTINGS, settings);
