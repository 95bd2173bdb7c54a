/** Rows of a bin by hand. */

import type { BinRows } from '../../src/operators/baseline-rows.ts';

export interface BinRow {
  readonly host: string;
  /** ISO, UTC. */
  readonly end: string;
  readonly band?: 'working_hours' | 'off_hours';
  readonly isYoung?: boolean;
}

const ascending = (texts: readonly string[]): string[] => [...new Set(texts)].sort();

/** The segment of a host is what stands before its last dot. */
export function binOf(rows: readonly BinRow[]): BinRows {
  const hosts = ascending(rows.map(({ host }) => host));
  const segmentOf = (host: string): string => host.slice(0, host.lastIndexOf('.'));
  const segments = ascending(hosts.map(segmentOf));
  return {
    hosts,
    segments,
    segmentOfHost: Uint32Array.from(hosts, (host) => segments.indexOf(segmentOf(host))),
    length: rows.length,
    host: Uint32Array.from(rows, ({ host }) => hosts.indexOf(host)),
    sliceEnd: Float64Array.from(rows, ({ end }) => Date.parse(end)),
    isWorkingHours: Uint8Array.from(rows, ({ band }) => (band === 'working_hours' ? 1 : 0)),
    isYoung: Uint8Array.from(rows, ({ isYoung }) => (isYoung === true ? 1 : 0)),
  };
}
