/**
 * The reader of raw files under damaged bytes. It must not throw, must not hang, and what it accepts it must read as
 * JSON.parse does: on the fast path, on the slow one, and by a judge that shares nothing with either.
 */

import { isDeepStrictEqual } from 'node:util';
import { createFlowReader, type ReaderOptions } from '../../src/operators/flow-reader.ts';
import { readingOf } from '../operators/reading.ts';
import { settle } from '../oracle/parameters.ts';
import type { Flow } from '../oracle/quality.ts';
import { parseLines } from '../oracle/quality.ts';
import { chunksOf, type Dice, diceOf, mutate, oneOf } from './mutations.ts';
import { readPoisonCases } from './poison-case.ts';
import { bytesOf, FLOW, SLICE_END } from './poison-files.ts';

export interface FuzzReport {
  readonly trials: number;
  readonly bytes: number;
  readonly lines: number;
  /** Lines that JSON.parse takes for objects. */
  readonly records: number;
  /** Those of them that the fast path read. */
  readonly fast: number;
  readonly slowestMs: number;
  /** Each with the seed and trial that show it again. */
  readonly faults: readonly string[];
}

/** A trial of a few hundred lines takes milliseconds; what takes so long would stop a firewall's worth of logs. */
const HANGS_MS = 10_000;
const MOST_FAULTS = 10;

/** Runs trials, beginning with number `from`, until told that it is enough. */
export function fuzzReader(seed: number, isEnough: (trials: number) => boolean, from = 0): FuzzReport {
  const corpus = corpusOf();
  const report = { trials: 0, bytes: 0, lines: 0, records: 0, fast: 0, slowestMs: 0, faults: [] as string[] };
  while (!isEnough(report.trials) && report.faults.length < MOST_FAULTS) {
    const number = from + report.trials++;
    const dice = diceOf(seed * 0x9e3779b1 + number);
    const content = contentOf(corpus, dice);
    const begun = performance.now();
    try {
      const { faults, lines, records, fast } = tryContent(content, dice);
      report.faults.push(...faults.map((fault) => `seed ${seed}, trial ${number}: ${fault}`));
      report.lines += lines;
      report.records += records;
      report.fast += fast;
    } catch (error) {
      report.faults.push(`seed ${seed}, trial ${number}: ${(error as Error).stack}`);
    }
    const took = performance.now() - begun;
    if (took > HANGS_MS) report.faults.push(`seed ${seed}, trial ${number}: took ${Math.round(took)} ms`);
    report.bytes += content.length;
    report.slowestMs = Math.max(report.slowestMs, took);
  }
  return report;
}

/** Lines to begin with: ordinary ones, and those of the poison set. */
function corpusOf(): Buffer[] {
  const others: Readonly<Record<string, unknown>>[] = [
    { event_name: 'THREAT', event_subtype: 'virus', event_action: 'alert' },
    { source_ip: '2001:db8::1', destination_ip: 'fe80::9', event_start: 1772438460, event_end: '1772438461000' },
    { event_start: '2026/03/02 08:01:00', event_end: 'Mar 02 2026 08:01:01', source_bytes: '100', repeat_count: 4 },
    { event_action: 'reset-both', event_reason: 'tcp-rst-from-client', network_transport: 'udp', destination_bytes: 0 },
    { app: 'café 😀', rule: 'a "b" \\c', nested: { a: [1, { b: null }] }, flag: true, ratio: -1.5e-3 },
  ];
  const ordinary = others.map((own) => Buffer.from(JSON.stringify({ ...FLOW, ...own })));
  const spaced = Buffer.from(JSON.stringify(FLOW, null, 1).replaceAll('\n', ''));
  const poison = readPoisonCases().flatMap(({ files }) =>
    Object.values(files).flatMap((recipe) => {
      if ('is' in recipe || recipe.some((part) => (part.times ?? 1) > 1000 || 'gzip' in part)) return [];
      return bytesOf(recipe).length < 20_000 ? [bytesOf(recipe)] : [];
    }),
  );
  const plain = new Array<Buffer>(poison.length).fill(Buffer.from(JSON.stringify(FLOW)));
  return [...plain, ...ordinary, spaced, ...poison];
}

function contentOf(corpus: readonly Buffer[], dice: Dice): Buffer {
  const feed = Buffer.from(oneOf(dice, ['\n', '\n', '\n', '\r\n']));
  const lines = Array.from({ length: 1 + dice(12) }, () => {
    let line = oneOf(dice, corpus);
    for (let edits = dice(4); edits > 0; edits--) line = mutate(line, dice, oneOf(dice, corpus));
    return line;
  });
  const whole = Buffer.concat(lines.flatMap((line) => [line, feed]));
  return dice(4) === 0 ? mutate(whole, dice, oneOf(dice, corpus)) : whole;
}

/** The specs that trials are read under, for the judge and for the reader. */
const VARIANTS = [
  {},
  {},
  { timeZone: 'America/New_York' },
  { dq: { drop_malformed_ip: false, filter_null_bytes_ports: false, bytes_non_negative: false } },
].map((parameters) => {
  const settings = settle(parameters);
  const { dq, timeZone, denyActions, denyReasons, threatSubtypes } = settings;
  const fields = [...Object.keys(FLOW), 'duration'].map((field) => [field, [field]] as const);
  const options: ReaderOptions = {
    fieldMapping: Object.fromEntries(fields) as unknown as ReaderOptions['fieldMapping'],
    timeZone,
    vocabulary: { denyActions, denyReasons, threatSubtypes },
    quality: {
      dropMalformedIp: dq.drop_malformed_ip,
      filterNullBytesPorts: dq.filter_null_bytes_ports,
      durationNonNegative: true,
      bytesNonNegative: dq.bytes_non_negative,
      maxSessionDays: 30,
    },
    readsSourcePort: true,
  };
  return { settings, options };
});

function readChunks(chunks: readonly Uint8Array[], options: ReaderOptions) {
  const rejected: { line: number; rule: string; text: string }[] = [];
  const reader = createFlowReader(options, (line, rule, text) =>
    rejected.push({ line, rule, text: Buffer.from(text).toString('latin1') }),
  );
  for (const chunk of chunks) reader.push(chunk);
  const file = reader.finish();
  return { file, reading: readingOf({ file, rejected }) };
}

const MARK = Buffer.of(0xef, 0xbb, 0xbf);
const LONGEST_LINE = 1_048_576;

function tryContent(content: Buffer, dice: Dice) {
  const faults: string[] = [];
  const { settings, options } = oneOf(dice, VARIANTS);
  const read = (chunks: readonly Uint8Array[]) => readChunks(chunks, options);
  const { file, reading } = read([content]);
  const told = (what: string, expected: unknown, actual: unknown): void => {
    if (isDeepStrictEqual(expected, actual)) return;
    const show = (value: unknown): string => JSON.stringify(value)?.slice(0, 600);
    faults.push(
      `${what}: ${show(expected)} became ${show(actual)} in ${JSON.stringify(content.toString('latin1').slice(0, 3000))}`,
    );
  };
  told('cut into chunks', reading, read(chunksOf(content, dice)).reading);

  const plain = content.subarray(0, 3).equals(MARK) ? content.subarray(3) : content;
  const lines = linesOf(plain);
  // JSON begins behind a tab as well as without; the fast path does not.
  const held = read([Buffer.concat(lines.flatMap((line) => [Buffer.from('\t'), line, Buffer.from('\n')]))]);
  const withoutText = ({ rejected, ...others }: typeof reading) => ({
    ...others,
    rejected: rejected.map(({ line, rule }) => `${line} ${rule}`),
  });
  told('the slow path', withoutText(held.reading), withoutText(reading));

  const judged = parseLines(lines.map(judgedText), SLICE_END, settings);
  told('the judge: flows', judged.flows.map(flowOf), reading.flows.map(plausible));
  const { malformed_json, line_too_long, malformed_ip, null_bytes_ports, session_start } = reading.counts;
  const { other_event_name, other_threat_subtype } = reading.counts;
  const { not_json, start_record, event_name, threat_subtype, ...quality } = judged.quality;
  told(
    'the judge: counts',
    { not_json, start_record, event_name, threat_subtype, ip: quality.malformed_ip, empty: quality.null_bytes_ports },
    {
      not_json: malformed_json + line_too_long,
      start_record: session_start,
      event_name: other_event_name,
      threat_subtype: other_threat_subtype,
      ip: malformed_ip,
      empty: null_bytes_ports,
    },
  );
  told(
    'the judge: rejected',
    judged.rejected.map(({ line }) => line + 1),
    reading.rejected.map(({ line }) => line),
  );
  return { faults, lines: file.lines, records: file.lines - not_json, fast: file.lines - file.slowLines };
}

function linesOf(content: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < content.length; ) {
    const feed = content.indexOf(10, start);
    const end = feed < 0 ? content.length : feed;
    lines.push(content.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function judgedText(line: Buffer): string {
  if (line.length > LONGEST_LINE) return 'no record';
  try {
    return UTF8.decode(line);
  } catch {
    return 'no record';
  }
}

const EARLIEST = SLICE_END - 900_000 - 30 * 86_400_000;
const LATEST = SLICE_END + 86_400_000;
/** Bit 8, a short session, is told only once the slice is known. */
const SHORT_SESSION = 1 << 8;
const DENIES = ['drop', 'deny', 'drop-icmp', 'reset-client', 'reset-server', 'reset-both', 'block'];

/** A flow as the product reads it, with null for what is none. */
function plausible(flow: ReturnType<typeof readChunks>['reading']['flows'][number]) {
  const timeOf = (instant: number): number | null => (instant >= EARLIEST && instant <= LATEST ? instant : null);
  const numberOf = (value: number): number | null => (Number.isNaN(value) ? null : value);
  return {
    source: flow.source,
    destination: flow.destination,
    port: flow.port < 0 ? null : flow.port,
    sent: numberOf(flow.sent),
    received: numberOf(flow.received),
    start: timeOf(flow.start),
    end: timeOf(flow.end),
    repeat: flow.repeat,
    flags: (flow.flags & ~SHORT_SESSION).toString(2),
  };
}

/** The same by the judge. */
function flowOf(flow: Flow) {
  const isThreat = flow.kind === 'THREAT';
  const positive = (value: number | null): number | null => (value === null ? null : value + 0);
  return {
    source: flow.source.text,
    destination: flow.destination.text,
    port: positive(flow.destinationPort),
    sent: positive(flow.sourceBytes),
    received: positive(flow.destinationBytes),
    start: positive(flow.start),
    end: positive(flow.end),
    repeat: isThreat ? 1 : flow.repeat,
    flags: flagsOf(flow, isThreat).toString(2),
  };
}

function flagsOf({ action, reason, transport, destinationBytes }: Flow, isThreat: boolean): number {
  const bits = (...facts: readonly boolean[]): number =>
    facts.reduce((sum, fact, bit) => sum + (fact ? 1 << bit : 0), 0);
  const isAlert = action === 'alert';
  if (isThreat) return bits(false, true, false, false, isAlert);
  const deniesByReason = reason === 'policy-deny' || reason === 'threat';
  return bits(
    true,
    false,
    action === 'allow' && !deniesByReason,
    deniesByReason || DENIES.includes(action ?? ''),
    isAlert,
    reason?.startsWith('tcp-rst') === true,
    reason === 'aged-out',
    destinationBytes !== null && destinationBytes + 0 === 0,
    false,
    transport === 'tcp',
    transport === 'udp',
    transport === 'icmp' || transport === 'icmp6' || transport === 'ipv6-icmp',
  );
}
