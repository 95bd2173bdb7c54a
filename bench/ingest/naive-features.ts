/** A log record with canonical names, values trusted. */
export interface NaiveFlow {
  readonly event_name: string;
  readonly event_subtype: string;
  readonly source_ip: string;
  readonly destination_ip: string;
  readonly destination_port: number;
  readonly source_bytes: number;
  readonly destination_bytes: number;
  readonly event_start: string;
  readonly event_end: string;
  readonly event_action: string;
  readonly event_reason: string;
  readonly network_transport: string;
  readonly repeat_count: number;
}

const COUNTS = [
  'sessions_cnt',
  'allow_cnt',
  'drop_cnt',
  'alert_cnt',
  'rst_cnt',
  'aged_out_cnt',
  'zero_reply_cnt',
  'short_session_cnt',
  'bytes_sent_sum',
  'bytes_recv_sum',
  'duration_sum',
  'tcp_cnt',
  'udp_cnt',
  'icmp_cnt',
  'threat_cnt',
  'traffic_cnt',
  'high_risk_port_sessions_cnt',
  'admin_port_sessions_cnt',
  'fileshare_port_sessions_cnt',
  'directory_port_sessions_cnt',
  'db_port_sessions_cnt',
] as const;

interface Share {
  sessions: number;
  bytes: number;
}

/** One host in one role, while its flows arrive. */
export interface NaiveHost {
  readonly counts: Record<(typeof COUNTS)[number], number>;
  readonly peers: Map<string, Share>;
  readonly ports: Map<number, Share>;
  readonly segments: Set<string>;
  readonly minutes: Map<number, number>;
  readonly sent: number[];
  readonly recv: number[];
  readonly durations: number[];
}

/** One (source, destination, port), while its flows arrive. */
export interface NaivePair {
  readonly outbound: boolean;
  readonly inbound: boolean;
  readonly port: number;
  readonly starts: number[];
  sessions: number;
  denied: number;
  unanswered: number;
  sent: number;
  recv: number;
  firstStart: number;
  lastEnd: number;
  longest: number;
}

const DENY_ACTIONS = new Set(['drop', 'deny', 'drop-icmp', 'reset-client', 'reset-server', 'reset-both', 'block']);
const DENY_REASONS = new Set(['policy-deny', 'threat']);
const HIGH_RISK = new Set([
  ...[21, 23, 69, 135, 137, 138, 139, 445, 512, 513, 514, 1080, 1433, 2323, 3389, 4444, 5555, 5900, 5901, 5902, 5903],
  ...[6660, 6661, 6662, 6663, 6664, 6665, 6666, 6667, 6668, 6669, 9001],
]);
const ADMIN = new Set([22, 23, 135, 3389, 5900, 5901, 5902, 5903, 5985, 5986]);
const FILESHARE = new Set([20, 21, 111, 137, 138, 139, 445, 548, 873, 2049]);
const DIRECTORY = new Set([88, 389, 464, 636, 3268, 3269]);
const DB = new Set([1433, 1434, 1521, 3306, 5432, 5984, 6379, 9042, 9200, 27017]);

export const newHost = (): NaiveHost => ({
  counts: Object.fromEntries(COUNTS.map((name) => [name, 0])) as NaiveHost['counts'],
  peers: new Map(),
  ports: new Map(),
  segments: new Set(),
  minutes: new Map(),
  sent: [],
  recv: [],
  durations: [],
});

export const newPair = (outbound: boolean, inbound: boolean, port: number): NaivePair => ({
  ...{ outbound, inbound, port, starts: [], sessions: 0, denied: 0, unanswered: 0, sent: 0, recv: 0 },
  ...{ firstStart: Number.POSITIVE_INFINITY, lastEnd: Number.NEGATIVE_INFINITY, longest: 0 },
});

const isDenied = (flow: NaiveFlow): boolean =>
  DENY_ACTIONS.has(flow.event_action) || DENY_REASONS.has(flow.event_reason);

export function addToHost(host: NaiveHost, flow: NaiveFlow, role: 'outbound' | 'inbound'): void {
  const { counts } = host;
  if (flow.event_name === 'THREAT') {
    counts.threat_cnt += 1;
    if (flow.event_action === 'alert') counts.alert_cnt += 1;
    return;
  }
  const n = flow.repeat_count;
  const [sent, recv] =
    role === 'outbound' ? [flow.source_bytes, flow.destination_bytes] : [flow.destination_bytes, flow.source_bytes];
  const peer = role === 'outbound' ? flow.destination_ip : flow.source_ip;
  const start = Date.parse(flow.event_start);
  const duration = Math.max(0, Date.parse(flow.event_end) - start);
  counts.sessions_cnt += n;
  counts.traffic_cnt += n;
  if (flow.event_action === 'allow' && !DENY_REASONS.has(flow.event_reason)) counts.allow_cnt += n;
  if (isDenied(flow)) counts.drop_cnt += n;
  if (flow.event_action === 'alert') counts.alert_cnt += n;
  if (flow.event_reason.startsWith('tcp-rst')) counts.rst_cnt += n;
  if (flow.event_reason === 'aged-out') counts.aged_out_cnt += n;
  if (flow.destination_bytes === 0) counts.zero_reply_cnt += n;
  if (duration <= 1000) counts.short_session_cnt += n;
  if (flow.network_transport === 'tcp') counts.tcp_cnt += n;
  if (flow.network_transport === 'udp') counts.udp_cnt += n;
  counts.bytes_sent_sum += sent;
  counts.bytes_recv_sum += recv;
  counts.duration_sum += duration;
  addShare(host.peers, peer, n, sent + recv);
  host.segments.add(peer.slice(0, peer.lastIndexOf('.')));
  const minute = Math.floor(start / 60_000);
  host.minutes.set(minute, (host.minutes.get(minute) ?? 0) + n);
  host.sent.push(sent);
  host.recv.push(recv);
  host.durations.push(duration / 1000);
  if (flow.network_transport === 'icmp') {
    counts.icmp_cnt += n;
    return;
  }
  const port = flow.destination_port;
  addShare(host.ports, port, n, sent + recv);
  if (HIGH_RISK.has(port)) counts.high_risk_port_sessions_cnt += n;
  if (ADMIN.has(port)) counts.admin_port_sessions_cnt += n;
  if (FILESHARE.has(port)) counts.fileshare_port_sessions_cnt += n;
  if (DIRECTORY.has(port)) counts.directory_port_sessions_cnt += n;
  if (DB.has(port)) counts.db_port_sessions_cnt += n;
}

export function addToPair(pair: NaivePair, flow: NaiveFlow): void {
  const start = Date.parse(flow.event_start);
  const end = Date.parse(flow.event_end);
  pair.sessions += flow.repeat_count;
  if (isDenied(flow)) pair.denied += flow.repeat_count;
  if (flow.destination_bytes === 0) pair.unanswered += flow.repeat_count;
  pair.sent += flow.source_bytes;
  pair.recv += flow.destination_bytes;
  pair.starts.push(start);
  pair.firstStart = Math.min(pair.firstStart, start);
  pair.lastEnd = Math.max(pair.lastEnd, end);
  pair.longest = Math.max(pair.longest, end - start);
}

function addShare<K>(shares: Map<K, Share>, key: K, sessions: number, bytes: number): void {
  const share = shares.get(key);
  if (share === undefined) {
    shares.set(key, { sessions, bytes });
    return;
  }
  share.sessions += sessions;
  share.bytes += bytes;
}

/** The delta row of a host, keys apart. */
export function hostRow(host: NaiveHost) {
  const { counts, peers, ports } = host;
  const bytes = counts.bytes_sent_sum + counts.bytes_recv_sum;
  return {
    ...counts,
    duration_sum: counts.duration_sum / 1000,
    peer_ip_nunique: peers.size,
    peer_port_nunique: ports.size,
    peer_segment_nunique: host.segments.size,
    peer_ip_entropy: entropy(peers),
    peer_port_entropy: entropy(ports),
    ...topShares('peer_ip', peers, counts.sessions_cnt, bytes),
    ...topShares('peer_port', ports, counts.sessions_cnt, bytes),
    max_sessions_per_minute: Math.max(0, ...host.minutes.values()),
    bytes_sent_quantiles: quantiles(host.sent),
    bytes_recv_quantiles: quantiles(host.recv),
    duration_quantiles: quantiles(host.durations),
  };
}

function entropy(shares: ReadonlyMap<unknown, Share>): number {
  let total = 0;
  let bits = 0;
  for (const { sessions } of shares.values()) total += sessions;
  for (const { sessions } of shares.values()) bits -= (sessions / total) * Math.log(sessions / total);
  return bits;
}

function topShares(
  name: string,
  shares: ReadonlyMap<unknown, Share>,
  sessions: number,
  bytes: number,
): Record<string, number> {
  const all = [...shares.values()];
  return {
    [`${name}_top1_sessions_share`]: sessions === 0 ? 0 : Math.max(0, ...all.map((share) => share.sessions)) / sessions,
    [`${name}_top1_bytes_share`]: bytes === 0 ? 0 : Math.max(0, ...all.map((share) => share.bytes)) / bytes,
  };
}

function quantiles(values: number[]): number[] | null {
  if (values.length === 0) return null;
  values.sort((a, b) => a - b);
  return [0.25, 0.5, 0.75, 0.95, 0.99].map((q) => {
    const place = (values.length - 1) * q;
    const low = values[Math.floor(place)]!;
    return low + (values[Math.ceil(place)]! - low) * (place % 1);
  });
}
