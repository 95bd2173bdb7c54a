/** How much the sessions of a host look like those of a program that calls home. */

import { cadenceOf } from './beacons-cadence.ts';
import { type Contacts, type PriorOptions, priorOf } from './beacons-prior.ts';
import { most, sum } from './metrics.ts';
import { compareText } from './numbers.ts';
import { groupBy } from './sides.ts';
import { DAY, HOUR, SECOND } from './times.ts';

/** An outbound row of pair context. */
export interface PairContextRow {
  readonly host: string;
  readonly peer: string;
  /** Null of none. */
  readonly port: number | null;
  /** Epoch ms. */
  readonly sliceEnd: number;
  readonly sessions: number;
  readonly bytesSent: number;
  readonly zeroReplies: number;
  /** Epoch ms. */
  readonly firstEvent: number | null;
  readonly starts: readonly number[] | null;
  readonly maxDurationMs: number;
}

export interface BeaconOptions extends PriorOptions {
  /** Epoch ms: the end of the slice. */
  readonly instant: number;
  readonly isInternal: (address: string) => boolean;
}

export interface BeaconFeatures {
  readonly beacon_suspicion_score: number;
  readonly beacon_peer: string;
  readonly beacon_port: number;
  readonly beacon_interval_sec: number | null;
  readonly beacon_cadence: number;
  readonly beacon_prior: number;
  readonly beacon_prevalence: number;
  readonly strobe_score: number;
  readonly long_session_hours: number;
}

/**
 * @param rows outbound rows of the whole project, of mini-batches up to the scored one
 * @param contacts what is known of hosts and peers beyond those rows
 */
export function beaconsOf(
  host: string,
  rows: readonly PairContextRow[],
  contacts: Contacts,
  options: BeaconOptions,
): BeaconFeatures {
  const { instant } = options;
  const lastDay = rows.filter(({ sliceEnd }) => sliceEnd > instant - DAY && sliceEnd <= instant);
  const own = lastDay.filter((row) => row.host === host);
  const pairs = [...groupBy(own, ({ peer, port }) => `${peer}|${port ?? ''}`).values()];
  const candidates = pairs.flatMap((pair) => {
    if (!pair.some(({ sliceEnd }) => sliceEnd === instant)) return [];
    const cadence = cadenceOf(pair, instant - DAY);
    if (cadence === null) return [];
    const { prior, prevalence } = priorOf(pair, lastDay, contacts, options);
    const { peer, port } = pair[0]!;
    return [{ ...cadence, prior, prevalence, peer, port: port ?? 0, score: cadence.cadence * prior }];
  });
  const [best] = candidates.sort((a, b) => b.score - a.score || compareText(a.peer, b.peer) || a.port - b.port);
  const external = pairs.filter((pair) => !options.isInternal(pair[0]!.peer));
  const busiest = most(external.map((pair) => sum(pair.map(({ sessions }) => sessions))));
  const longest = most(external.flat().map(({ maxDurationMs }) => maxDurationMs));
  const isFound = best !== undefined && best.score > 0;
  return {
    beacon_suspicion_score: isFound ? Math.min(1, best.score) : 0,
    beacon_peer: isFound ? best.peer : '',
    beacon_port: isFound ? best.port : 0,
    beacon_interval_sec: isFound ? best.intervalMs / SECOND : null,
    beacon_cadence: isFound ? best.cadence : 0,
    beacon_prior: isFound ? best.prior : 0,
    beacon_prevalence: isFound ? best.prevalence : 0,
    strobe_score: Math.min(1, busiest / (DAY / SECOND)),
    long_session_hours: longest / HOUR,
  };
}
