import type { BackingWatch } from './backing-watch.ts';
import type { LabelsOf, Meter } from './meter.ts';
import { METRICS } from './metrics-table.ts';
import type { MiniBatchWatch } from './mini-batch-watch.ts';
import { labelsOf, openOutcomeRecorder } from './outcome-metrics.ts';
import type { PumpObserver, PumpState } from './pump-ports.ts';
import type { StreamName } from './stream-name.ts';

/** What the pump says of itself, taken down in the metrics of the table. */
export interface PumpMetrics extends Omit<PumpObserver, 'warn'> {
  /** A stream is served from now on. `newestSliceEnd`, ms UTC: of what is committed of it. */
  began(stream: StreamName, newestSliceEnd: number | undefined): void;
  /** Affected mini-batches stay as they were. */
  left(stream: StreamName, miniBatches: number): void;
  swept(stream: StreamName, removed: number, faults: number): void;
}

type Needed = LabelsOf<'ndr_breaker_open'>['dependency'];
const NEEDED = METRICS.ndr_breaker_open.labels.dependency.values;
const neededOf = (system: string): Needed | undefined => NEEDED.find((one) => one === system.toLowerCase());

/**
 * @param isQueue whether folders that a search comes upon should have been announced
 * @param clock ms UTC
 */
export function pumpMetrics(meter: Meter, isQueue: boolean, clock: () => number): PumpMetrics {
  const outcomes = openOutcomeRecorder(meter, clock);
  const tellState = (state: PumpState): void => {
    const folders = state.folders();
    for (const one of METRICS.ndr_mini_batches_in_hand.labels.state.values)
      meter.set('ndr_mini_batches_in_hand', { state: one }, folders[one]);
    meter.set('ndr_raw_in_flight_bytes', {}, state.bytesInWork());
    for (const [stream, count] of state.affectedWaiting()) meter.set('ndr_affected_waiting', labelsOf(stream), count);
    const open = state.openBreakers().map(({ system }) => neededOf(system));
    for (const dependency of NEEDED) meter.set('ndr_breaker_open', { dependency }, open.includes(dependency) ? 1 : 0);
    meter.set('ndr_draining', {}, state.isDraining() ? 1 : 0);
  };
  return {
    began: outcomes.begin,
    turned(state) {
      meter.set('ndr_pump_last_turn_timestamp_seconds', {}, clock() / 1000);
      tellState(state);
    },
    draining: tellState,
    taken(stream, taken, { workMs, sentAt, isAgain }) {
      const labels = labelsOf(stream);
      if (taken.is === 'error') {
        meter.count('ndr_mini_batches_total', { ...labels, outcome: 'error' });
        return;
      }
      outcomes.record(stream, taken);
      if (taken.is !== 'committed' && taken.is !== 'unchanged') return;
      meter.observe('ndr_mini_batch_duration_seconds', labels, workMs / 1000);
      if (isAgain) meter.count('ndr_affected_republished_total', labels);
      if (taken.is === 'committed' && sentAt !== null)
        meter.observe('ndr_notification_to_commit_seconds', labels, (clock() - sentAt) / 1000);
    },
    forced(stream, why) {
      const labels = labelsOf(stream);
      if (why === 'incomplete') meter.count('ndr_completeness_waits_timed_out_total', labels);
      else meter.count('ndr_order_waits_timed_out_total', labels);
    },
    searched({ folders, faults }) {
      if (!isQueue) return;
      meter.count('ndr_reconciler_runs_total', { outcome: faults.length > 0 ? 'error' : 'done' });
      for (const { stream } of folders) meter.count('ndr_reconciler_found_total', labelsOf(stream));
    },
    heldBack({ system }) {
      const dependency = neededOf(system);
      if (dependency !== undefined) meter.count('ndr_breaker_opened_total', { dependency });
    },
    refused(system) {
      const dependency = neededOf(system);
      if (dependency !== undefined) meter.count('ndr_dependency_refusals_total', { dependency });
    },
    left: (stream, miniBatches) => meter.count('ndr_affected_left_total', labelsOf(stream), miniBatches),
    swept(stream, removed, faults) {
      meter.count('ndr_files_swept_total', labelsOf(stream), removed);
      meter.count('ndr_sweep_faults_total', labelsOf(stream), faults);
    },
  };
}

/**
 * Takes down how long stages take and what was rebuilt.
 *
 * @param now ms, of a clock that never goes back
 */
export function meteredMiniBatches(meter: Meter, now: () => number): MiniBatchWatch {
  return {
    async timed(stage, work) {
      const begun = now();
      const result = await work();
      meter.observe('ndr_stage_duration_seconds', { stage }, (now() - begun) / 1000);
      return result;
    },
    rebuilt: (stream, blocks) => meter.count('ndr_window_blocks_rebuilt_total', labelsOf(stream), blocks),
  };
}

/** Takes down what becomes of blocks of window state, and requests that were made again. */
export function meteredBacking(meter: Meter): BackingWatch {
  return {
    blocks(place, event, times = 1) {
      if (event === 'unavailable') meter.count('ndr_window_state_unavailable_total', {}, times);
      else if (event === 'hit' || event === 'miss')
        meter.count('ndr_window_state_reads_total', { place, outcome: event }, times);
      else meter.count('ndr_window_state_writes_total', { place, outcome: event }, times);
    },
    stateBytes: (bytes) => meter.set('ndr_window_state_used_bytes', {}, bytes),
    s3Retried: (times) => meter.count('ndr_dependency_retries_total', { dependency: 's3' }, times),
  };
}
