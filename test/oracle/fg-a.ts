/** One dense row per active host: five windows, both directions, straight from the flows of every mini-batch in them. */

import { describeInstant } from './calendar.ts';
import { newestEnd, sortRows } from './delta.ts';
import {
  countAdditive,
  describePeers,
  isDenied,
  isUnanswered,
  maxSessionsPerMinute,
  type Row,
  sum,
} from './metrics.ts';
import { describeNovelty, gatherLookback, type Lookback, lookbackStart, type PastPair } from './novelty.ts';
import { quantile, ratio } from './numbers.ts';
import type { Settings } from './parameters.ts';
import { SLICE } from './quality.ts';
import {
  type Block,
  groupBy,
  hostRoleOf,
  isTraffic,
  pairedSides,
  ROLES,
  type Role,
  type Side,
  sessionsOf,
} from './sides.ts';
import { DAY, formatInstant, HOUR, MINUTE } from './times.ts';

const WINDOWS: readonly (readonly [string, number])[] = [
  ['w_15m', 15 * MINUTE],
  ['w_30m', 30 * MINUTE],
  ['w_1h', HOUR],
  ['w_8h', 8 * HOUR],
  ['w_24h', DAY],
];
const BEHAVIOUR_WINDOWS = ['w_1h', 'w_24h'];

/** Delta names that features spell in another way. */
const RENAMED: Readonly<Record<string, string>> = {
  drop_cnt: 'deny_cnt',
  bytes_sent_sum: 'bytes_src_sum',
  bytes_recv_sum: 'bytes_dst_sum',
};
/** The port sets that features know; further ones live in delta only. */
const FEATURE_PORT_SETS = ['high_risk', 'admin', 'fileshare', 'directory', 'db'];

/** A committed mini-batch, and what later ones remember of it. */
export interface Committed extends Block {
  readonly past: readonly PastPair[];
}

/** FG-A rows of the last of `committed`, which are all mini-batches up to it in their order. */
export function featureRows(committed: readonly Committed[], settings: Settings): Row[] {
  const current = committed.at(-1)!;
  const T = current.sliceEnd;
  const active = new Map(current.sides.map((side) => [side.host.text, side.host.segment]));
  const wanted = new Set([...active.keys()].flatMap((host) => ROLES.map((role) => `${host} ${role}`)));

  const windows = WINDOWS.map(([label, length]) => ({
    label,
    sides: sidesWithin(committed, T - length, T, wanted),
    lookback: settings.novelty ? lookbackOf(committed, T - length, wanted) : null,
  }));
  const day = windows.at(-1)!.sides;
  const calendar = describeInstant(T, settings.calendar);
  const health = describeHealth(committed, current);

  const rows = [...active].map(([host, segment]): Row => {
    const ages = describeAges(host, committed, T, settings);
    const isOldEnough = ages.lookback_days >= settings.minDays && ages.host_age_days >= settings.minDays;
    const row: Row = {
      host_ip: host,
      segment_id: segment,
      record_id: `${host}|w_15m|${formatInstant(T)}`,
      ...calendar,
      ...ages,
      ...health,
      is_pair_capped: Number(ROLES.some((role) => (day.get(`${host} ${role}`) ?? []).some((side) => side.isCapped))),
    };
    for (const { label, sides, lookback } of windows) {
      for (const role of ROLES) {
        const own = sides.get(`${host} ${role}`) ?? [];
        const known = isOldEnough ? lookback : null;
        for (const [name, value] of Object.entries(describeWindow(own, known, settings))) {
          row[`${role === 'inbound' ? 'in_' : ''}${name}_${label}`] = value;
        }
        if (role === 'outbound' && BEHAVIOUR_WINDOWS.includes(label)) {
          for (const [name, value] of Object.entries(describeBehaviour(own, known, settings))) {
            row[`${name}_${label}`] = value;
          }
        }
      }
    }
    return row;
  });
  return sortRows(rows, ['host_ip']);
}

/** Sides of the wanted (host, role)s in (start, end], by (host, role). */
function sidesWithin(
  committed: readonly Committed[],
  start: number,
  end: number,
  wanted: ReadonlySet<string>,
): Map<string, Side[]> {
  const within = committed.filter((block) => block.sliceEnd > start && block.sliceEnd <= end);
  const sides = within.flatMap((block) => block.sides.filter((side) => wanted.has(hostRoleOf(side))));
  return groupBy(sides, hostRoleOf);
}

function lookbackOf(committed: readonly Committed[], windowStart: number, wanted: ReadonlySet<string>): Lookback {
  const first = lookbackStart(windowStart);
  const past = committed.filter((block) => block.sliceEnd >= first && block.sliceEnd <= windowStart);
  return gatherLookback(
    past.map((block) => block.past),
    wanted,
  );
}

/** The 48 metrics of one direction and window; without a lookback, nothing is new. */
function describeWindow(sides: readonly Side[], lookback: Lookback | null, settings: Settings): Record<string, number> {
  const paired = pairedSides(sides);
  const features: Record<string, number> = {};
  for (const [name, value] of Object.entries(countAdditive(sides, settings))) {
    const portSet = /^(.*)_port_sessions_cnt$/.exec(name)?.[1];
    if (portSet === undefined || FEATURE_PORT_SETS.includes(portSet)) features[RENAMED[name] ?? name] = value;
  }
  const total = (name: string): number => features[name]!;
  const risky = paired.filter((side) => side.peer.isHighRisk);
  const novelty = describeNovelty(lookback === null ? [] : paired, lookback ?? gatherLookback([], new Set()), settings);

  return {
    ...features,
    max_sessions_per_minute: maxSessionsPerMinute(sides),
    ...describePeers(paired),
    duration_mean: ratio(total('duration_sum'), total('sessions_cnt')),
    deny_ratio: ratio(total('deny_cnt'), total('sessions_cnt')),
    bytes_asymmetry_ratio: total('bytes_src_sum') / (total('bytes_dst_sum') + 1),
    transport_tcp_ratio: ratio(total('tcp_cnt'), total('sessions_cnt')),
    transport_udp_ratio: ratio(total('udp_cnt'), total('sessions_cnt')),
    transport_icmp_ratio: ratio(total('icmp_cnt'), total('sessions_cnt')),
    has_high_risk_port_activity: Number(total('high_risk_port_sessions_cnt') > 0),
    high_risk_segment_sessions_cnt: sessionsOf(risky),
    high_risk_segment_unique_dsts: countPeers(risky),
    has_high_risk_segment_interaction: Number(risky.length > 0),
    ...Object.fromEntries(Object.entries(novelty).map(([name, value]) => [`${name}_lookback30d`, value])),
  };
}

/** The eight outbound behaviour metrics of one window. */
function describeBehaviour(
  sides: readonly Side[],
  lookback: Lookback | null,
  settings: Settings,
): Record<string, number> {
  const paired = pairedSides(sides);
  const internal = paired.filter((side) => side.peer.isInternal);
  const external = paired.filter((side) => !side.peer.isInternal);
  const admin = internal.filter((side) =>
    ['admin', 'fileshare'].some((name) => side.port !== null && settings.portSets.get(name)!.has(side.port)),
  );
  const peers = groupBy(paired, (side) => side.peer.text);
  const isSilent = (own: readonly Side[]): boolean => sessionsOf(own.filter(isUnanswered)) === sessionsOf(own);
  return {
    internal_peer_nunique: countPeers(internal),
    internal_segment_nunique: new Set(internal.map((side) => side.peer.segment)).size,
    internal_admin_peer_nunique: countPeers(admin),
    external_peer_nunique: countPeers(external),
    external_bytes_sent: sum(external.map((side) => side.sent ?? 0)),
    denied_peer_nunique: countPeers(paired.filter((side) => isDenied(side, settings))),
    noreply_peer_nunique: [...peers.values()].filter(isSilent).length,
    new_to_project_peer_cnt:
      lookback === null ? 0 : [...peers.keys()].filter((peer) => !lookback.projectPeers.has(peer)).length,
  };
}

function countPeers(sides: readonly Side[]): number {
  return new Set(sides.map((side) => side.peer.text)).size;
}

interface Ages {
  readonly lookback_days: number;
  readonly host_age_days: number;
  readonly is_new_host: number;
}

/** How long the project, and this host in it, have been known, within the last 31 days. */
function describeAges(host: string, committed: readonly Committed[], T: number, settings: Settings): Row & Ages {
  if (!settings.novelty) return { lookback_days: 0, host_age_days: 0, is_new_host: 0 };
  const recent = committed.filter((block) => block.sliceEnd >= T - 31 * DAY);
  const firstOfProject = recent[0]!.sliceEnd;
  const firstOfHost = recent.find((block) => block.sides.some((side) => side.host.text === host))!.sliceEnd;
  const hostAge = Math.floor((T - firstOfHost) / DAY);
  return {
    lookback_days: Math.floor((T - firstOfProject) / DAY),
    host_age_days: hostAge,
    is_new_host: Number(hostAge < settings.minDays),
  };
}

/** How complete the data behind the rows is. */
function describeHealth(committed: readonly Committed[], current: Committed): Row {
  const T = current.sliceEnd;
  const slicesSince = (start: number): number =>
    new Set(committed.map((block) => block.sliceEnd).filter((end) => end > start && end <= T)).size;
  const isPatchy = slicesSince(Number.NEGATIVE_INFINITY) > 4 && slicesSince(T - HOUR) / 4 < 0.75;
  const lags = current.parsed.flows.filter((flow) => flow.end !== null).map((flow) => current.batchEnd - flow.end!);
  const lag = quantile(lags, 0.95);
  const isLate = lag !== null && lag > 30 * MINUTE;
  return { coverage_24h: slicesSince(T - DAY) / (DAY / SLICE), is_degraded: Number(isPatchy || isLate) };
}

/** Outbound service pairs of the slice, of the hosts that have a row. */
export function featurePairRows(committed: readonly Committed[]): Row[] {
  const current = committed.at(-1)!;
  const role: Role = 'outbound';
  const wanted = new Set(current.sides.map((side) => `${side.host.text} ${role}`));
  const slice = sidesWithin(committed, current.sliceEnd - SLICE, current.sliceEnd, wanted);
  const sides = pairedSides([...slice.values()].flat()).filter((side) => isTraffic(side) && (side.port ?? 0) > 0);
  const pairs = groupBy(sides, (side) => `${side.host.text} ${side.peer.text} ${side.port}`);
  const rows = [...pairs.values()].map(
    (own): Row => ({
      host_ip: own[0]!.host.text,
      dst_ip: own[0]!.peer.text,
      dst_port: own[0]!.port,
      sessions_cnt: sessionsOf(own),
      event_ts: newestEnd(own),
    }),
  );
  return sortRows(rows, ['host_ip', 'dst_ip', 'dst_port']);
}
