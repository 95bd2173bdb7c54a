/** One raw line to one flow, with every quality rule on the way, in the order in which the rules apply. */

import { type Endpoint, judgeEndpoint, parseAddress } from './addresses.ts';
import { readNumber } from './numbers.ts';
import type { Settings } from './parameters.ts';
import { DAY, MINUTE, readInstant } from './times.ts';

export const SLICE = 15 * MINUTE;

const RULES = [
  'not_json',
  'malformed_ip',
  'null_bytes_ports',
  'event_name',
  'threat_subtype',
  'start_record',
  'negative_duration',
  'negative_bytes',
  'port_out_of_range',
  'implausible_time',
  'unreadable_number',
  'unreadable_time',
] as const;

export type Rule = (typeof RULES)[number];

/** The fields that a mini-batch of 100 TRAFFIC records or more cannot do without. */
const REQUIRED_FIELDS = [
  'source_ip',
  'destination_ip',
  'source_port',
  'destination_port',
  'source_bytes',
  'destination_bytes',
  'event_start',
  'event_end',
] as const;

export interface Flow {
  readonly kind: 'TRAFFIC' | 'THREAT';
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly destinationPort: number | null;
  readonly sourceBytes: number | null;
  readonly destinationBytes: number | null;
  readonly start: number | null;
  readonly end: number | null;
  /** Milliseconds; 0 where a time is missing. */
  readonly duration: number;
  readonly action: string | null;
  readonly reason: string | null;
  readonly transport: string | null;
  /** Sessions that the record stands for. */
  readonly repeat: number;
}

export interface Rejected {
  /** 0 for the first line of the mini-batch. */
  readonly line: number;
  readonly reason: Rule;
}

export interface Parsed {
  readonly flows: readonly Flow[];
  readonly quality: Readonly<Record<Rule, number>>;
  readonly rejected: readonly Rejected[];
  /** Why nothing of this mini-batch may be used, or null. */
  readonly failure: string | null;
}

type Source = Readonly<Record<string, unknown>>;

export function parseLines(lines: readonly string[], sliceEnd: number, settings: Settings): Parsed {
  const quality = Object.fromEntries(RULES.map((rule) => [rule, 0])) as Record<Rule, number>;
  const flows: Flow[] = [];
  const rejected: Rejected[] = [];
  const carried = new Set<string>();
  let seen = 0;
  let traffic = 0;

  for (const [line, text] of lines.entries()) {
    if (/^[ \t\r]*$/.test(text)) continue;
    seen++;
    const reject = (reason: Rule): void => {
      quality[reason]++;
      rejected.push({ line, reason });
    };

    const source = parseObject(text);
    if (source === null) {
      reject('not_json');
      continue;
    }
    const field = (name: string): unknown => readField(source, settings.fieldMapping[name] ?? name);

    const eventName = readWord(field('event_name')) ?? 'traffic';
    if (eventName !== 'traffic' && eventName !== 'threat') {
      quality.event_name++;
      continue;
    }
    const subtype = readWord(field('event_subtype'));
    if (eventName === 'threat' && subtype !== null && !settings.threatSubtypes.includes(subtype)) {
      quality.threat_subtype++;
      continue;
    }
    if (subtype === 'start') {
      quality.start_record++;
      continue;
    }

    const raw = readValues(field, settings);
    if (eventName === 'traffic') {
      traffic++;
      for (const name of REQUIRED_FIELDS) if (raw[name] !== null) carried.add(name);
    }
    if (settings.dq.drop_malformed_ip && !(isAddress(raw.source_ip) && isAddress(raw.destination_ip))) {
      reject('malformed_ip');
      continue;
    }
    const hasNoNumber =
      raw.source_bytes === null &&
      raw.destination_bytes === null &&
      raw.source_port === null &&
      raw.destination_port === null;
    if (settings.dq.filter_null_bytes_ports && eventName === 'traffic' && hasNoNumber) {
      reject('null_bytes_ports');
      continue;
    }

    const isGiven = (name: string): boolean => !['', null, undefined].includes(field(name) as string);
    for (const name of ['source_bytes', 'destination_bytes', 'source_port', 'destination_port', 'duration']) {
      if (isGiven(name) && readNumber(field(name)) === null) quality.unreadable_number++;
    }
    for (const name of ['event_start', 'event_end']) {
      if (isGiven(name) && readInstant(field(name), settings.timeZone) === null) quality.unreadable_time++;
    }
    const bytes = (value: number | null): number | null => {
      if (value === null) return null;
      if (value < 0 && settings.dq.bytes_non_negative) {
        quality.negative_bytes++;
        return null;
      }
      // What a double cannot count is no count.
      if (Math.abs(Math.floor(value)) < 2 ** 53) return Math.floor(value);
      quality.unreadable_number++;
      return null;
    };
    const port = (value: number | null): number | null => {
      if (value === null) return null;
      if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
      quality.port_out_of_range++;
      return null;
    };
    const time = (value: number | null): number | null => {
      if (value === null) return null;
      const earliest = sliceEnd - SLICE - settings.dq.max_session_days * DAY;
      const latest = sliceEnd + DAY;
      if (value >= earliest && value <= latest) return value;
      quality.implausible_time++;
      return null;
    };

    port(raw.source_port);
    const start = time(raw.event_start);
    const end = time(raw.event_end);
    let duration = start === null || end === null ? 0 : end - start;
    if (duration < 0 && settings.dq.duration_non_negative) {
      quality.negative_duration++;
      duration = 0;
    }
    flows.push({
      kind: eventName === 'traffic' ? 'TRAFFIC' : 'THREAT',
      source: endpointOf(raw.source_ip ?? '', settings),
      destination: endpointOf(raw.destination_ip ?? '', settings),
      destinationPort: port(raw.destination_port),
      sourceBytes: bytes(raw.source_bytes),
      destinationBytes: bytes(raw.destination_bytes),
      start,
      end,
      duration,
      action: readWord(field('event_action')),
      reason: readWord(field('event_reason')),
      transport: readWord(field('network_transport')),
      repeat: readRepeat(field('repeat_count')),
    });
  }

  const missing = REQUIRED_FIELDS.filter((name) => !carried.has(name));
  const isRejected = seen >= 100 && rejected.length / seen > settings.dq.max_rejected_ratio;
  const failure =
    traffic >= 100 && missing.length > 0
      ? `missing ${missing.join(', ')}`
      : isRejected
        ? 'too many rejected lines'
        : null;
  return { flows, quality, rejected, failure };
}

interface Values {
  readonly source_ip: string | null;
  readonly destination_ip: string | null;
  readonly source_port: number | null;
  readonly destination_port: number | null;
  readonly source_bytes: number | null;
  readonly destination_bytes: number | null;
  readonly event_start: number | null;
  readonly event_end: number | null;
}

/** The eight fields as read, before any rule about their values. */
function readValues(field: (name: string) => unknown, settings: Settings): Values {
  const start = readInstant(field('event_start'), settings.timeZone);
  const duration = readNumber(field('duration'));
  const derivedEnd = start === null || duration === null ? null : start + Math.floor(duration * 1_000 + 0.5);
  return {
    source_ip: readText(field('source_ip')),
    destination_ip: readText(field('destination_ip')),
    source_port: readNumber(field('source_port')),
    destination_port: readNumber(field('destination_port')),
    source_bytes: readNumber(field('source_bytes')),
    destination_bytes: readNumber(field('destination_bytes')),
    event_start: start,
    event_end: readInstant(field('event_end'), settings.timeZone) ?? derivedEnd,
  };
}

function parseObject(text: string): Source | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Source {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field by its own name, or, where there is none of that name, by the path that its dots describe. */
function readField(source: Source, name: string): unknown {
  if (Object.hasOwn(source, name)) return source[name];
  let value: unknown = source;
  for (const step of name.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}

function readText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.toWellFormed() : null;
}

/** Text in lower case, because words of a log match whatever their case. */
function readWord(value: unknown): string | null {
  if (value === null || value === undefined || value === '') return null;
  // What is nested is no word, and may be nested too deeply to be written as one.
  return typeof value === 'object' ? 'nested' : String(value).toLowerCase();
}

function readRepeat(value: unknown): number {
  const number = readNumber(value);
  return number !== null && Number.isSafeInteger(number) && number >= 1 ? number : 1;
}

function isAddress(text: string | null): boolean {
  return text !== null && parseAddress(text) !== null;
}

const endpointsOfSettings = new WeakMap<Settings, Map<string, Endpoint>>();

/** Judged once per text: big integers are slow, and a log repeats its addresses. */
function endpointOf(text: string, settings: Settings): Endpoint {
  const known = endpointsOfSettings.get(settings) ?? new Map<string, Endpoint>();
  endpointsOfSettings.set(settings, known);
  const endpoint = known.get(text) ?? judgeEndpoint(text, settings);
  known.set(text, endpoint);
  return endpoint;
}
