import {
  FLOW_NUMBERS,
  FLOW_WORDS,
  type FlowChunks,
  type FlowRecords,
  maskOf,
  NUMBERS_PER_FLOW,
  WORDS_PER_FLOW,
} from './flow.ts';
import { LONGEST_LINE } from './line-faults.ts';
import { NAME, REASON_DENIES, type Registers, SLOTS, SUBTYPE } from './record.ts';
import { DAY_MS } from './time.ts';

/**
 * Every data-quality rule: what it does and when. `rejected` lines are quarantined, `filtered` records are not data for
 * us, `nulled` fields cost nothing else. The order is the order in which a record meets them.
 */
export const QUALITY_RULES = {
  line_too_long: { effect: 'rejected', when: `the line is longer than ${LONGEST_LINE} bytes` },
  malformed_json: { effect: 'rejected', when: 'the line is not JSON, or not an object' },
  other_event_name: { effect: 'filtered', when: 'event_name is present and neither TRAFFIC nor THREAT' },
  other_threat_subtype: { effect: 'filtered', when: 'a THREAT record with a subtype outside dq.threat_subtypes' },
  session_start: { effect: 'filtered', when: 'event_subtype is start: the end record repeats the session' },
  malformed_ip: { effect: 'rejected', when: 'an address is absent or malformed (dq.drop_malformed_ip)' },
  null_bytes_ports: {
    effect: 'rejected',
    when: 'both byte and both port fields are null (dq.filter_null_bytes_ports)',
  },
  unreadable_number: {
    effect: 'nulled',
    when: 'a byte count, port or duration is no decimal number, or a byte count is 2^53 or more',
  },
  unreadable_time: { effect: 'nulled', when: 'a time is written in no form that is read' },
  negative_bytes: { effect: 'nulled', when: 'a byte count is negative (dq.bytes_non_negative)' },
  port_out_of_range: { effect: 'nulled', when: 'a port is not a whole number of 0..65535' },
  implausible_time: {
    effect: 'nulled',
    when: 'a time lies more than dq.max_session_days before, or a day after, the slice',
  },
  negative_duration: { effect: 'nulled', when: 'event_end lies before event_start (dq.duration_non_negative)' },
} as const satisfies Record<string, { effect: 'rejected' | 'filtered' | 'nulled'; when: string }>;
export type QualityRule = keyof typeof QUALITY_RULES;
export type QualityCounts = Record<QualityRule, number>;

export function noCounts(): QualityCounts {
  return Object.fromEntries(Object.keys(QUALITY_RULES).map((rule) => [rule, 0])) as QualityCounts;
}

export interface QualityOptions {
  readonly dropMalformedIp: boolean;
  readonly filterNullBytesPorts: boolean;
  readonly durationNonNegative: boolean;
  readonly bytesNonNegative: boolean;
  readonly maxSessionDays: number;
}

/** Where admitted flows go, and how many are there. */
export interface FlowSink {
  readonly flows: FlowRecords;
  used: number;
}

const { source_ip, destination_ip, source_port, destination_port, source_bytes, destination_bytes } = SLOTS;
const { event_start, event_end, event_action, event_reason, event_name, event_subtype } = SLOTS;
const { network_transport, repeat_count, duration } = SLOTS;

/**
 * Applies the rules that need nothing but the record itself, and appends what remains to the sink, which must have room.
 * Returns the rule that kept the record out, undefined if it was appended. Counts what it nulls.
 */
export function admit(
  registers: Registers,
  options: QualityOptions,
  counts: QualityCounts,
  sink: FlowSink,
): QualityRule | undefined {
  const { values } = registers;
  const name = values[event_name]!;
  if (name === NAME.other) return 'other_event_name';
  const isThreat = name === NAME.threat;
  const subtype = values[event_subtype]!;
  if (isThreat && (subtype === SUBTYPE.other || subtype === SUBTYPE.start)) return 'other_threat_subtype';
  if (subtype === SUBTYPE.start) return 'session_start';
  const source = values[source_ip]!;
  const destination = values[destination_ip]!;
  if (options.dropMalformedIp && (source < 0 || destination < 0)) return 'malformed_ip';
  const isEmpty =
    Number.isNaN(values[source_bytes]) &&
    Number.isNaN(values[destination_bytes]) &&
    Number.isNaN(values[source_port]) &&
    Number.isNaN(values[destination_port]);
  if (isEmpty && !isThreat && options.filterNullBytesPorts) return 'null_bytes_ports';
  if (registers.unreadable !== 0) countUnreadable(registers.unreadable, counts);

  const row = sink.used++;
  const { numbers, words, sourcePort } = sink.flows;
  const n = row * NUMBERS_PER_FLOW;
  const w = row * WORDS_PER_FLOW;
  const replied = bytesOf(values[destination_bytes]!, options, counts);
  words[w + FLOW_WORDS.source] = source;
  words[w + FLOW_WORDS.destination] = destination;
  const port = portOf(values[source_port]!, counts);
  if (sourcePort.length > 0) sourcePort[row] = port;
  words[w + FLOW_WORDS.destinationPort] = portOf(values[destination_port]!, counts);
  numbers[n + FLOW_NUMBERS.sourceBytes] = bytesOf(values[source_bytes]!, options, counts);
  numbers[n + FLOW_NUMBERS.destinationBytes] = replied;
  const start = values[event_start]!;
  const end = values[event_end]!;
  numbers[n + FLOW_NUMBERS.start] = start;
  numbers[n + FLOW_NUMBERS.end] = Number.isNaN(end) ? start + Math.floor(values[duration]! * 1000 + 0.5) : end;
  const action = values[event_action]!;
  if (isThreat) {
    numbers[n + FLOW_NUMBERS.repeat] = 1;
    words[w + FLOW_WORDS.flags] = maskOf('threat') | (action & maskOf('alert'));
    return undefined;
  }
  const repeat = values[repeat_count]!;
  numbers[n + FLOW_NUMBERS.repeat] = Number.isSafeInteger(repeat) && repeat >= 1 ? repeat : 1;
  const reason = values[event_reason]!;
  let flags = maskOf('traffic') | action | reason | values[network_transport]!;
  if ((reason & REASON_DENIES) !== 0) flags = (flags | maskOf('deny')) & ~maskOf('allow') & ~REASON_DENIES;
  if (replied === 0) flags |= maskOf('zero_reply');
  words[w + FLOW_WORDS.flags] = flags;
  return undefined;
}

const bitsOf = (...slots: readonly number[]): number => slots.reduce((bits, slot) => bits | (1 << slot), 0);
const TIMES = bitsOf(event_start, event_end);
/** Not repeat_count: whatever is no whole number counts as one session. */
const NUMBERS = bitsOf(source_port, destination_port, source_bytes, destination_bytes, duration);

function countUnreadable(slots: number, counts: QualityCounts): void {
  for (let bits = slots & TIMES; bits !== 0; bits &= bits - 1) counts.unreadable_time++;
  for (let bits = slots & NUMBERS; bits !== 0; bits &= bits - 1) counts.unreadable_number++;
}

function portOf(value: number, counts: QualityCounts): number {
  if (value >= 0 && value <= 65_535 && Number.isInteger(value)) return value;
  if (!Number.isNaN(value)) counts.port_out_of_range++;
  return -1;
}

function bytesOf(value: number, options: QualityOptions, counts: QualityCounts): number {
  // + 0: there is no negative nothing in a file.
  const whole = Math.floor(value) + 0;
  if (whole < 0 && options.bytesNonNegative) {
    counts.negative_bytes++;
    return Number.NaN;
  }
  if (Number.isSafeInteger(whole)) return whole;
  if (!Number.isNaN(whole)) counts.unreadable_number++;
  return Number.NaN;
}

const SHORT_SESSION = maskOf('short_session');
const TRAFFIC = maskOf('traffic');

/**
 * Applies the rules that need the slice: drops implausible times and marks short sessions. Changes the flows in
 * place. `slice` is (start, end] in ms UTC.
 */
export function settleTimes(
  chunks: FlowChunks,
  slice: { readonly start: number; readonly end: number },
  options: QualityOptions,
  counts: QualityCounts,
): void {
  const earliest = slice.start - options.maxSessionDays * DAY_MS;
  const latest = slice.end + DAY_MS;
  const settled = (time: number): number => {
    if (!(time < earliest || time > latest)) return time;
    counts.implausible_time++;
    return Number.NaN;
  };
  for (const { length, numbers, words } of chunks) {
    for (let row = 0; row < length; row++) {
      const n = row * NUMBERS_PER_FLOW;
      const flags = row * WORDS_PER_FLOW + FLOW_WORDS.flags;
      const start = settled(numbers[n + FLOW_NUMBERS.start]!);
      const end = settled(numbers[n + FLOW_NUMBERS.end]!);
      numbers[n + FLOW_NUMBERS.start] = start;
      numbers[n + FLOW_NUMBERS.end] = end;
      if (end < start && options.durationNonNegative) counts.negative_duration++;
      if ((words[flags]! & TRAFFIC) !== 0 && durationOf(start, end, options) <= 1000) words[flags]! |= SHORT_SESSION;
    }
  }
}

/** Duration of a flow in ms; 0 where either time is missing. */
export function durationOf(start: number, end: number, options: QualityOptions): number {
  const elapsed = end - start;
  if (Number.isNaN(elapsed)) return 0;
  return elapsed < 0 && options.durationNonNegative ? 0 : elapsed;
}
