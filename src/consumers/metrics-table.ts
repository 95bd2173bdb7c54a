import { PROJECT_NAME, VERSION_NAME } from '../config/spec-names.ts';
import { FALLBACK_REASONS, type FallbackReason } from '../operators/baseline-choice.ts';
import { HORIZONS } from '../operators/baseline-metrics.ts';
import { QUALITY_RULES, type QualityRule } from '../operators/quality.ts';
import { alarm, type ClosedLabel, counter, gauge, histogram, type Metric, named, oneOf } from './metric.ts';
import { TIMED_STAGES } from './mini-batch-watch.ts';

const STREAM = {
  project: named(PROJECT_NAME, 'the name of a project'),
  feature_spec_version: named(VERSION_NAME, 'a feature spec version'),
};
/** What a mini-batch cannot do without. */
const NEEDED = { dependency: oneOf('s3', 'dynamodb', 'disk') };
const PLACE = { place: oneOf('redis', 'folder') };
const DATASET = { dataset: oneOf('delta', 'pair_context', 'pair_counts', 'fg_a', 'fg_a_pair_context', 'fg_c') };

export type QualityEffect = (typeof QUALITY_RULES)[QualityRule]['effect'];
type RuleOf<E extends QualityEffect> = {
  [R in QualityRule]: (typeof QUALITY_RULES)[R]['effect'] extends E ? R : never;
}[QualityRule];
const ruleOf = <E extends QualityEffect>(effect: E): { readonly rule: ClosedLabel<RuleOf<E>> } => ({
  rule: { values: keysOf(QUALITY_RULES).filter((rule): rule is RuleOf<E> => QUALITY_RULES[rule].effect === effect) },
});
const keysOf = <K extends string>(table: Readonly<Record<K, unknown>>): K[] => Object.keys(table) as K[];

/** Seconds: from what a stage of a small office takes to what a day's slices take that come at once. */
const WORK_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900];
/** Seconds: from at once to a day. */
const WAIT_SECONDS = [1, 5, 15, 30, 60, 90, 120, 180, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400];

const SECONDS_PER_DAY = 86_400;

/** Workers take turns, and each knows what it took itself: of a stream, what the furthest of them says holds. */
const furthest = (name: string, ...further: readonly string[]): string =>
  `max by (${[...keysOf(STREAM), ...further].join(', ')}) (${name})`;
const NEWEST = 'ndr_newest_slice_end_timestamp_seconds';

/**
 * Every metric of ndr serve, under its name in Prometheus: in base units, counters in _total. What records them, what
 * Prometheus reads, and the reference page derive from this table. No label may ever hold an address, a host or the id
 * of a mini-batch: there is no end to those. What has an age is told as the instant, of which the age is `time()` less it:
 * an age would stand still with the process that tells it.
 */
export const METRICS = {
  // What became of mini-batches.
  ndr_mini_batches_total: counter(
    'Mini-batches taken, by what became of them. error: it is tried again.',
    { ...STREAM, outcome: oneOf('committed', 'unchanged', 'skipped', 'poison', 'error') },
    alarm('increase(ndr_mini_batches_total{outcome="poison"}[15m]) > 0', '0m'),
  ),
  ndr_revisions_total: counter('Commits that replaced an earlier revision.', STREAM),
  ndr_mini_batches_in_hand: gauge(
    'Mini-batches that are known and have not ended: arriving (not complete yet), failing (an error; tried again), ready (complete, in line), running.',
    { state: oneOf('arriving', 'failing', 'ready', 'running') },
    alarm('ndr_mini_batches_in_hand{state="ready"} > 8', '30m'),
  ),
  ndr_raw_in_flight_bytes: gauge('Raw bytes, as delivered, of the mini-batches in work.', {}),
  ndr_newest_slice_end_timestamp_seconds: gauge(
    'End of the newest slice that this process knows to be committed. The lag of a project is time() less the greatest of its processes.',
    STREAM,
    alarm(`time() - ${furthest(NEWEST)} > 45 * 60`, '5m'),
  ),
  ndr_last_commit_timestamp_seconds: gauge(
    'When something was last committed. Recent while the newest slice is old: it catches up.',
    STREAM,
  ),
  ndr_notification_to_commit_seconds: histogram(
    'From the first notification that a commit was asked for by to that commit.',
    STREAM,
    WAIT_SECONDS,
    alarm(
      'histogram_quantile(0.9, sum by (le, project) (rate(ndr_notification_to_commit_seconds_bucket[2h]))) > 900',
      '30m',
    ),
  ),
  ndr_mini_batch_duration_seconds: histogram(
    'Work on a mini-batch, from plan to commit; waiting left out.',
    STREAM,
    WORK_SECONDS,
    alarm(
      'histogram_quantile(0.9, sum by (le, project) (rate(ndr_mini_batch_duration_seconds_bucket[2h]))) > 300',
      '30m',
    ),
  ),
  ndr_stage_duration_seconds: histogram(
    'Work on one stage of a mini-batch, all shards together; encoding counts to the stage whose rows it encodes. lookback: looking up the days and baselines that it is computed with.',
    { stage: oneOf(...TIMED_STAGES) },
    WORK_SECONDS,
  ),

  // Order and late data.
  ndr_completeness_waits_timed_out_total: counter(
    'Mini-batches taken as they were after completeness.max_wait_seconds.',
    STREAM,
    alarm('increase(ndr_completeness_waits_timed_out_total[1h]) > 2', '0m'),
  ),
  ndr_order_waits_timed_out_total: counter(
    'Mini-batches taken though an earlier one was not settled after order.wait_seconds.',
    STREAM,
    alarm('increase(ndr_order_waits_timed_out_total[1h]) > 2', '0m'),
  ),
  ndr_lateness_seconds: histogram(
    'How far mini-batches that changed the windows of others lay behind the newest slice.',
    STREAM,
    WAIT_SECONDS,
  ),
  ndr_affected_marked_total: counter('Mini-batches marked because a late one changed their windows.', STREAM),
  ndr_affected_republished_total: counter('Marked mini-batches that were published again.', STREAM),
  ndr_affected_left_total: counter(
    'Marked mini-batches left to ndr replay --affected: what changed them came too late, or order.reprocess_affected is off.',
    STREAM,
    alarm('increase(ndr_affected_left_total[1h]) > 0', '0m'),
  ),
  ndr_affected_waiting: gauge('Marked mini-batches that wait to be published again.', STREAM),

  // What was read.
  ndr_raw_bytes_total: counter('Raw bytes, as delivered, of mini-batches that were computed.', STREAM),
  ndr_raw_files_left_out_total: counter(
    'Raw files left out.',
    { ...STREAM, reason: oneOf('damaged', 'empty') },
    alarm('increase(ndr_raw_files_left_out_total{reason="damaged"}[1h]) > 0', '0m'),
  ),
  ndr_lines_total: counter(
    'Lines read, blank ones left out.',
    STREAM,
    alarm(
      'sum by (project) (rate(ndr_lines_total[1h])) < 0.2 * sum by (project) (rate(ndr_lines_total[1h] offset 1d))',
      '1h',
    ),
  ),
  ndr_flows_total: counter('Records that passed every rule of data quality.', STREAM),
  ndr_lines_rejected_total: counter(
    'Lines quarantined, by rule.',
    { ...STREAM, ...ruleOf('rejected') },
    alarm(
      'sum by (project) (rate(ndr_lines_rejected_total[1h])) > 0.01 * sum by (project) (rate(ndr_lines_total[1h]))',
      '30m',
    ),
  ),
  ndr_records_filtered_total: counter('Records that are not data for us, by rule.', {
    ...STREAM,
    ...ruleOf('filtered'),
  }),
  ndr_fields_nulled_total: counter('Fields taken as null, by rule; of negative_duration, as 0.', {
    ...STREAM,
    ...ruleOf('nulled'),
  }),
  ndr_degraded_mini_batches_total: counter(
    'Committed mini-batches whose rows say is_degraded.',
    STREAM,
    alarm('increase(ndr_degraded_mini_batches_total[1h]) > 2', '0m'),
  ),
  ndr_coverage_ratio: gauge(
    'Slices of the 24 hours before the newest one that this process committed that were committed then, as a share.',
    STREAM,
    alarm(
      `min by (${keysOf(STREAM).join(', ')}) (ndr_coverage_ratio and ` +
        `(${NEWEST} == on (${keysOf(STREAM).join(', ')}) group_left () ${furthest(NEWEST)})) < 0.9`,
      '1h',
    ),
  ),

  // What was written.
  ndr_rows_written_total: counter('Rows of committed mini-batches, all horizons together.', { ...STREAM, ...DATASET }),
  ndr_files_written_total: counter('Data files of committed mini-batches.', STREAM),
  ndr_bytes_written_total: counter('Bytes of those files.', STREAM),
  ndr_files_swept_total: counter('Superseded files removed.', STREAM),
  ndr_sweep_faults_total: counter('Mini-batches that could not be swept; they are tried again.', STREAM),
  ndr_fallback_total: counter('What of the deviations fell back on a coarser baseline, by reason.', {
    ...STREAM,
    reason: oneOf<FallbackReason>(...keysOf(FALLBACK_REASONS)),
  }),
  ndr_baseline_reference_timestamp_seconds: gauge(
    'Reference instant of the baselines that the newest mini-batch that this process committed was compared with.',
    { ...STREAM, horizon: oneOf(...HORIZONS) },
    alarm(
      `time() - ${furthest('ndr_baseline_reference_timestamp_seconds{horizon="7d"}', 'horizon')} > ${2.5 * SECONDS_PER_DAY} ` +
        `or time() - ${furthest('ndr_baseline_reference_timestamp_seconds{horizon="30d"}', 'horizon')} > ${9.5 * SECONDS_PER_DAY}`,
      '0m',
    ),
  ),

  // The queue.
  ndr_messages_received_total: counter('Messages received from the queue.', {}),
  ndr_messages_redelivered_total: counter('Those of them that had been received before.', {}),
  ndr_messages_deleted_total: counter('Messages deleted, their work done.', {}),
  ndr_messages_extended_total: counter('Times a message was kept hidden for longer.', {}),
  ndr_messages_released_total: counter('Messages given back before their time.', {}),
  ndr_messages_dead_lettered_total: counter(
    'Messages that can never succeed, sent on with their cause.',
    {},
    alarm('increase(ndr_messages_dead_lettered_total[15m]) > 0', '0m'),
  ),
  ndr_message_age_seconds: histogram(
    'Age of messages when they are received.',
    {},
    WAIT_SECONDS,
    alarm('histogram_quantile(0.9, sum by (le) (rate(ndr_message_age_seconds_bucket[30m]))) > 600', '10m'),
  ),
  ndr_queue_errors_total: counter(
    'Calls to the queue that failed, by what was asked.',
    { action: oneOf('receive', 'delete', 'extend', 'release', 'dead_letter') },
    alarm('sum by (action) (increase(ndr_queue_errors_total[10m])) > 5', '0m'),
  ),
  ndr_reconciler_runs_total: counter(
    'Times that the folders of every route were listed for mini-batches that nothing announced. error: of some they could not be.',
    { outcome: oneOf('done', 'error') },
    alarm('increase(ndr_reconciler_runs_total{outcome="error"}[1h]) > 2', '0m'),
  ),
  ndr_reconciler_found_total: counter(
    'Mini-batches that were found that way: their notification was lost.',
    STREAM,
    alarm('increase(ndr_reconciler_found_total[1h]) > 0', '0m'),
  ),

  // What it stands on.
  ndr_dependency_retries_total: counter(
    'Calls to a dependency that were made again.',
    { dependency: oneOf('s3', 'sqs', 'dynamodb') },
    alarm('sum by (dependency) (rate(ndr_dependency_retries_total[10m])) > 0.5', '10m'),
  ),
  ndr_dependency_refusals_total: counter(
    'Calls that a dependency refused for want of a permission, valid credentials, a right clock, or its own bucket or table; of the disk of the home, for want of room or of the right to write.',
    NEEDED,
    alarm('increase(ndr_dependency_refusals_total[15m]) > 0', '0m'),
  ),
  ndr_breaker_open: gauge(
    '1 while work, if only of one stream, is held back because calls to a dependency failed or were refused, else 0.',
    NEEDED,
    alarm('ndr_breaker_open == 1', '5m'),
  ),
  ndr_breaker_opened_total: counter('Times that work came to be held back.', NEEDED),
  ndr_events_total: counter(
    'Events of commits and failures, by where they went.',
    { sink: oneOf('eventbridge', 'kafka'), outcome: oneOf('sent', 'failed') },
    alarm('increase(ndr_events_total{outcome="failed"}[15m]) > 0', '0m'),
  ),

  // Window state. Losing it costs time, never numbers.
  ndr_window_state_reads_total: counter(
    'Blocks asked for, by where. Redis is asked first; miss: not there, or not readable.',
    { ...PLACE, outcome: oneOf('hit', 'miss') },
  ),
  ndr_window_state_writes_total: counter(
    'Blocks given to be kept, by where. refused: Redis is full, or state.max_bytes was reached; the folder keeps them.',
    { ...PLACE, outcome: oneOf('stored', 'refused') },
    alarm('increase(ndr_window_state_writes_total{outcome="refused"}[15m]) > 0', '15m'),
  ),
  ndr_window_state_unavailable_total: counter(
    'Blocks asked for or given to be kept while Redis did not answer.',
    {},
    alarm('increase(ndr_window_state_unavailable_total[15m]) > 0', '15m'),
  ),
  ndr_window_state_used_bytes: gauge('Memory that Redis takes, as it reports it.', {}),
  ndr_window_blocks_rebuilt_total: counter(
    'Blocks rebuilt from the lake.',
    STREAM,
    alarm('increase(ndr_window_blocks_rebuilt_total[30m]) > 0', '1h'),
  ),

  // The process.
  ndr_pump_last_turn_timestamp_seconds: gauge(
    'When the loop that takes mini-batches last turned.',
    {},
    alarm('time() - ndr_pump_last_turn_timestamp_seconds > 120', '2m'),
  ),
  ndr_draining: gauge('1 from the wish to stop on, else 0.', {}),
  ndr_build_info: gauge('1, under the version of ndr and of Node.', {
    version: named(/^\d+\.\d+\.\d+(?:[-+][\w.+-]{1,40})?$/, 'the version of ndr'),
    node_version: named(/^v?\d+\.\d+\.\d+$/, 'the version of Node'),
  }),
  ndr_recordings_refused_total: counter(
    'Recordings that a metric could not take as they were: a label outside its set, recorded as "other", or no usable number. A defect.',
    {},
    alarm('increase(ndr_recordings_refused_total[1h]) > 0', '0m'),
  ),
} as const satisfies Readonly<Record<`ndr_${string}`, Metric>>;

export type MetricName = keyof typeof METRICS;
