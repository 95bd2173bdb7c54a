/** Public captures of real traffic as the mini-batches and folders that an ETL would make of them. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { OracleMiniBatch, OracleParameters } from './oracle.ts';

/** How captures name the canonical fields. */
export const CAPTURE_FIELD_MAPPING: NonNullable<OracleParameters['fieldMapping']> = {
  event_name: 'type',
  event_subtype: 'subtype',
  network_transport: 'transport',
  event_action: 'action',
  event_reason: 'session_end_reason',
};

const MINUTE = 60_000;
const SLICE = 15 * MINUTE;
/** Slices end at minutes 08, 23, 38 and 53. */
const OFFSET = 8 * MINUTE;

/**
 * Read a gzip file of one JSON flow a line and deal its flows, in the file's order, to 15-minute mini-batches by the
 * time at which they ended (began, where no end is known). Labels are stripped: they are the answer, not the question.
 */
export function readCapture(path: string): OracleMiniBatch[] {
  const bySlice = new Map<number, string[]>();
  const text = gunzipSync(readFileSync(path)).toString('utf8');
  for (const line of text.split('\n').filter((candidate) => candidate.trim() !== '')) {
    const { _label, ...flow } = JSON.parse(line) as Record<string, unknown>;
    const instant = Date.parse(String(flow['event_end'] ?? flow['event_start']));
    if (Number.isNaN(instant)) throw new Error(`capture ${path}: flow without event_end and event_start: ${line}`);
    const sliceEnd = Math.ceil((instant - OFFSET) / SLICE) * SLICE + OFFSET;
    const lines = bySlice.get(sliceEnd) ?? [];
    bySlice.set(sliceEnd, lines);
    lines.push(JSON.stringify(flow));
  }
  return [...bySlice]
    .sort(([a], [b]) => a - b)
    .map(([sliceEnd, lines]) => ({ id: captureId(sliceEnd), sliceEnd, batchEnd: sliceEnd, lines }));
}

/** YYYYMMDDTHHMM of the slice's end. */
function captureId(sliceEnd: number): string {
  return new Date(sliceEnd).toISOString().slice(0, 16).replaceAll(/[-:]/g, '');
}

/**
 * Write a capture as `<root>/YYYY/MM/DD/<id>/part-<n>.json.gz`, the lines of a folder dealt in turn to two files.
 *
 * @returns the mini-batches that were written
 */
export function writeCaptureFolders(capture: string, root: string): OracleMiniBatch[] {
  const miniBatches = readCapture(capture);
  for (const { id, sliceEnd, lines } of miniBatches) {
    const folder = join(root, new Date(sliceEnd).toISOString().slice(0, 10).replaceAll('-', '/'), id);
    mkdirSync(folder, { recursive: true });
    for (const [part, own] of dealLines(lines).entries()) {
      writeFileSync(join(folder, `part-${part}.json.gz`), gzipSync(`${own.join('\n')}\n`));
    }
  }
  return miniBatches;
}

function dealLines(lines: readonly string[]): string[][] {
  const even = lines.filter((_, index) => index % 2 === 0);
  const odd = lines.filter((_, index) => index % 2 === 1);
  return odd.length > 0 ? [even, odd] : [even];
}
