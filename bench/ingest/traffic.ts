import type { Random } from './random.ts';

/** The slice that the generated mini-batch closes: (10:23, 10:38]. */
export const SLICE_END_MS = Date.UTC(2026, 2, 2, 10, 38);
const SLICE_START_MS = SLICE_END_MS - 15 * 60_000;

export const HOSTS = 20_000;
const EXTERNALS = 200_000;
/** Places that a client returns to; one flow in five goes anywhere. */
const HABITS = 40;

interface Service {
  readonly port: number;
  readonly app: string;
  readonly transport: 'tcp' | 'udp' | 'icmp';
}

const SERVICES: readonly Service[] = [
  ...repeated(20, { port: 443, app: 'ssl', transport: 'tcp' }),
  ...repeated(6, { port: 443, app: 'quic', transport: 'udp' }),
  ...repeated(6, { port: 80, app: 'web-browsing', transport: 'tcp' }),
  ...repeated(5, { port: 53, app: 'dns', transport: 'udp' }),
  ...repeated(2, { port: 445, app: 'ms-ds-smb', transport: 'tcp' }),
  ...repeated(2, { port: 389, app: 'ldap', transport: 'tcp' }),
  { port: 88, app: 'kerberos', transport: 'tcp' },
  { port: 123, app: 'ntp', transport: 'udp' },
  { port: 22, app: 'ssh', transport: 'tcp' },
  { port: 3389, app: 'ms-rdp', transport: 'tcp' },
  { port: 1433, app: 'mssql-db', transport: 'tcp' },
  { port: 0, app: 'ping', transport: 'icmp' },
  { port: -1, app: 'unknown-tcp', transport: 'tcp' }, // any high port
];

const DENIALS = ['deny', 'drop', 'reset-both', 'reset-client'];
const THREATS = ['spyware', 'vulnerability', 'url', 'file', 'virus', 'scan'];
const DIRT = ['not json at all', '{"event_name":"TRAFFIC","source_ip":"10.0.0.1","destin', '[1,2,3]', '""'];
const BAD_ADDRESSES = ['10.1.2.300', '010.20.30.40', '10.1.2', 'unknown', '10.1.2.3 '];

function repeated(times: number, service: Service): Service[] {
  return Array.from({ length: times }, () => service);
}

/** Two hundred hosts in each segment of 10.0.0.0/8. */
export const hostAddress = (host: number): string =>
  `10.${20 + Math.floor(host / 5_000)}.${Math.floor(host / 200) % 250}.${1 + (host % 200)}`;

/** Addresses of the internet: spread over first octets 11 to 89, where nothing is private, loopback or multicast. */
export function externalAddress(external: number): string {
  const mixed = Math.imul(external + 1, 2654435761) >>> 0;
  const first = 11 + (mixed % 79);
  return `${first}.${(mixed >>> 8) & 255}.${(mixed >>> 16) & 255}.${1 + (external % 254)}`;
}

/** A number in [0, 1) that belongs to (a, b). */
const mixed = (a: number, b: number): number =>
  (Math.imul(Math.imul(a + 1, 2654435761) ^ (b + 1), 2246822519) >>> 0) / 4294967296;

const pad = (value: number, width: number): string => String(value).padStart(width, '0');

function isoTime(ms: number): string {
  const since = ms - Date.UTC(2026, 2, 2);
  const minute = Math.floor(since / 60_000);
  const rest = since % 60_000;
  return `2026-03-02T${pad(Math.floor(minute / 60), 2)}:${pad(minute % 60, 2)}:${pad(Math.floor(rest / 1000), 2)}.${pad(rest % 1000, 3)}Z`;
}

/**
 * One log line, without its end of line. `progress` in [0, 1) places the session's end in the slice, as a firewall logs in order of
 * session end; 1 % are THREAT records, 0.5 % start records, 0.1 % not usable (no JSON, or a malformed address).
 */
export function logLine(random: Random, progress: number, session: number, hosts = HOSTS): string {
  const dice = random.unit();
  if (dice < 0.0005) return DIRT[random.below(DIRT.length)]!;
  const kind = random.unit();
  const outward = kind < 0.7;
  const inward = kind >= 0.9;
  const client = inward ? random.skewed(EXTERNALS, 3) : random.skewed(hosts, 1.3);
  const habit = random.unit() < 0.8 ? mixed(client, random.skewed(HABITS, 1.5)) : random.unit();
  const service = SERVICES[Math.floor(((habit * 9_973) % 1) * SERVICES.length)]!;
  const source = inward ? externalAddress(client) : hostAddress(client);
  const target = outward
    ? externalAddress(Math.floor(habit ** 3 * EXTERNALS))
    : hostAddress(Math.floor(habit ** 1.5 * hosts));
  const end = SLICE_START_MS + 1 + Math.floor(progress * (SLICE_END_MS - SLICE_START_MS - 1));
  const start = Math.max(
    SLICE_START_MS + 1,
    end - (random.unit() < 0.3 ? random.below(900) : random.skewed(600_000, 4)),
  );
  const denied = random.unit() < (inward ? 0.6 : 0.04);
  const icmp = service.transport === 'icmp';
  const port = service.port < 0 ? 1024 + random.below(64_000) : service.port;
  const sent = 60 + random.skewed(200_000, 6);
  const answered = denied || random.unit() < 0.03 ? 0 : 60 + random.skewed(5_000_000, 8);
  const threat = random.unit() < 0.01;
  const opening = !threat && random.unit() < 0.005;
  const action = threat ? 'alert' : denied ? DENIALS[random.below(DENIALS.length)]! : 'allow';
  const reason = denied
    ? 'policy-deny'
    : service.transport === 'tcp'
      ? random.unit() < 0.15
        ? 'tcp-rst-from-client'
        : 'tcp-fin'
      : 'aged-out';
  const sourceText = dice < 0.001 ? BAD_ADDRESSES[random.below(BAD_ADDRESSES.length)]! : source;
  const subtype = threat ? THREATS[random.below(THREATS.length)]! : opening ? 'start' : 'end';
  const sourceZone = inward ? 'internet' : 'users';
  const targetZone = outward ? 'internet' : 'servers';
  return (
    `{"event_name":"${threat ? 'THREAT' : 'TRAFFIC'}","event_subtype":"${subtype}","device":"PA-DC1-${1 + (session % 4)}",` +
    `"rule":"${denied ? 'deny-all' : 'allow-business-apps'}","source_ip":"${sourceText}","destination_ip":"${target}",` +
    `"source_port":${icmp ? 0 : 1024 + random.below(64_000)},"destination_port":${port},"from_zone":"${sourceZone}","to_zone":"${targetZone}",` +
    `"source_bytes":${sent},"destination_bytes":${answered},"packets_out":${1 + Math.ceil(sent / 1200)},"packets_in":${Math.ceil(answered / 1300)},` +
    `"event_start":"${isoTime(start)}","event_end":"${isoTime(end)}","event_action":"${action}","event_reason":"${reason}",` +
    `"network_transport":"${service.transport}","app":"${service.app}","session_id":${100_000_000 + random.below(900_000_000)},"repeat_count":${random.unit() < 0.01 ? 2 + random.below(5) : 1},` +
    `"log_profile":"lake","vsys":1}`
  );
}
