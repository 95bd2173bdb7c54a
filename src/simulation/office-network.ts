import { DAY_MS } from '../operators/time.ts';
import { mixed } from './dice-stream.ts';
import { ipv4, machineIpv6 } from './simulated-address.ts';

/** Workstations of one site stand in four segments (each a /24) in turn; its servers and virtual desktops have one each. */
const SEGMENTS = 4;
const FIRST_MACHINE = 20;
const MACHINES_PER_SEGMENT = 200;
const PER_SITE = SEGMENTS * MACHINES_PER_SEGMENT;
export const MOST_WORKSTATIONS = 125 * PER_SITE;

const SERVER_SEGMENT = 0;
const PROXIED_SEGMENT = 3;
const LAPTOP_SEGMENT = 4;
const DESKTOP_SEGMENT = 5;
/** Virtual desktops of the /24s from 5 on: one workstation in twelve, where there are enough for a pool. */
const DESKTOP_EVERY = 12;
const SMALLEST_POOL_OFFICE = 60;
const HOSTS_PER_APPLICATION_SERVER = 25;

/** Leases of a laptop segment are dealt in groups of ten; each day one group in five is dealt anew. */
const LEASE_GROUP = 10;
const LEASE_DAYS = 5;

export interface Workstation {
  readonly index: number;
  /** Its address, but for a laptop, whose lease changes. */
  readonly fixedAddress: number;
  readonly segment: number;
  readonly site: number;
  readonly hasIpv6: boolean;
  readonly isDesktop: boolean;
  readonly isLaptop: boolean;
  readonly isProxied: boolean;
  /** Looks after the servers. */
  readonly isAdministrator: boolean;
  /** The machine is not switched off at night. */
  readonly staysOn: boolean;
  /** Minutes by which this person is later (or earlier) than the others. */
  readonly lateness: number;
  /** How much this person does, 1 being usual. */
  readonly activity: number;
}

/** The servers of one site. */
export interface SiteServers {
  readonly directory: readonly [number, number];
  readonly files: number;
  readonly printer: number;
}

/** Servers that all sites use; they stand at the first one. */
export const SERVERS = {
  mail: ipv4(10, 10, 0, 25),
  backup: ipv4(10, 10, 0, 30),
  intranet: ipv4(10, 10, 0, 50),
  monitoring: ipv4(10, 10, 0, 60),
  updates: ipv4(10, 10, 0, 65),
  logs: ipv4(10, 10, 0, 75),
  website: ipv4(10, 10, 0, 80),
  gateway: ipv4(10, 10, 0, 81),
  proxy: ipv4(10, 10, 0, 90),
  scanner: ipv4(10, 10, 0, 95),
} as const;

/**
 * Addresses outside, all from ranges reserved for documentation (single services) and benchmarks (198.18.0.0/15: web sites
 * and scanners), so that none is anybody's.
 */
export const OUTSIDE = {
  resolver: ipv4(198, 51, 100, 53),
  time: ipv4(198, 51, 100, 123),
  updates: ipv4(198, 51, 100, 60),
  meetings: ipv4(198, 51, 100, 61),
  chat: ipv4(198, 51, 100, 62),
  antivirus: ipv4(198, 51, 100, 64),
} as const;
/** Where the internet sees the office's servers. What is refused is logged before its address is translated. */
export const DOORS = [ipv4(198, 51, 100, 80), ipv4(198, 51, 100, 81)] as const;
export const ANTIVIRUS_SERVERS = 4;
/** Visitors of the office's own web site. */
export const VISITORS = 1000;
export const visitorAddress = (n: number): number => ipv4(198, 18, 128, 0) + 20 + n;

export const MOST_SCANNERS = 65_000;
/** Address of an internet scanner. */
export const scannerAddress = (n: number): number => ipv4(198, 19, 0, 0) + 200 + n;

/** Web sites by rank; the busiest answer from several addresses. */
export const WEB_SITES = 4000;
export const SITES_WITH_IPV6 = 60;
const CLOUD_SITES = 200;
const CLOUD_ADDRESSES = 6;
export function siteAddress(rank: number, throwOf: number): number {
  if (rank < CLOUD_SITES) return ipv4(198, 18, 64, 0) + rank * 8 + Math.floor(throwOf * CLOUD_ADDRESSES);
  return ipv4(198, 18, 0, 0) + rank;
}

export interface OfficeNetwork {
  readonly people: readonly Workstation[];
  readonly sites: readonly SiteServers[];
  /** Number of application servers; their addresses are applicationAddress's to tell. */
  readonly applications: number;
  /** All other servers. */
  readonly servers: readonly number[];
}

export function officeNetwork(seed: number, workstations: number): OfficeNetwork {
  const siteCount = Math.ceil(workstations / PER_SITE);
  const sites = Array.from({ length: siteCount }, (_, site): SiteServers => {
    const server = (machine: number): number => ipv4(10, 10 + site, SERVER_SEGMENT, machine);
    return { directory: [server(10), server(11)], files: server(20), printer: server(40) };
  });
  const own = sites.flatMap(({ directory, files, printer }) => [...directory, files, printer]);
  return {
    people: Array.from({ length: workstations }, (_, index) => workstationOf(seed, index, workstations)),
    sites,
    applications: Math.floor(workstations / HOSTS_PER_APPLICATION_SERVER),
    servers: [...own, ...Object.values(SERVERS)],
  };
}

function workstationOf(seed: number, index: number, workstations: number): Workstation {
  const site = Math.floor(index / PER_SITE);
  const place = index % PER_SITE;
  const isDesktop = workstations >= SMALLEST_POOL_OFFICE && index % DESKTOP_EVERY === DESKTOP_EVERY - 1;
  const segment = 1 + (place % SEGMENTS);
  const machine = FIRST_MACHINE + Math.floor(place / SEGMENTS);
  const chance = (label: number): number => mixed(seed, index, label) / 2 ** 32;
  const eager = chance(3);
  return {
    index,
    site,
    segment: isDesktop ? DESKTOP_SEGMENT : segment,
    fixedAddress: isDesktop
      ? ipv4(10, 10 + site, DESKTOP_SEGMENT, FIRST_MACHINE + Math.floor(place / DESKTOP_EVERY))
      : ipv4(10, 10 + site, segment, machine),
    hasIpv6: index % 5 === 0 && !isDesktop && segment !== LAPTOP_SEGMENT,
    isDesktop,
    isLaptop: !isDesktop && segment === LAPTOP_SEGMENT,
    isProxied: isDesktop || segment === PROXIED_SEGMENT,
    isAdministrator: index % 15 === 3,
    staysOn: chance(1) < 0.55,
    lateness: Math.floor(chance(2) * 91) - 45,
    activity: 0.45 + eager * 0.6 + eager * eager * eager * eager * eager * 2.2,
  };
}

/**
 * The address of a workstation at an instant. A laptop's lease is one of its group's ten; some days the group is dealt
 * anew, by turns, so that no two laptops ever share one.
 */
export function addressAt(person: Workstation, instant: number, leasesChange: boolean): number {
  if (!person.isLaptop || !leasesChange) return person.fixedAddress;
  const machine = (person.fixedAddress & 255) - FIRST_MACHINE;
  const group = Math.floor(machine / LEASE_GROUP);
  const turn = Math.floor((Math.floor(instant / DAY_MS) + group) / LEASE_DAYS);
  const member = (machine + turn * 3) % LEASE_GROUP;
  return person.fixedAddress - machine + group * LEASE_GROUP + member;
}

const SERVERS_PER_SEGMENT = 200;
/** One application server in five is set up anew every quarter, under another address. */
const RENEWED_EVERY = 5;
const QUARTER_DAYS = 90;
const GENERATIONS = 7;
const SEGMENTS_PER_GENERATION = 32;

/** How often an application server was set up anew by a day. */
export function generationOf(place: number, day: number): number {
  return place % RENEWED_EVERY === 0 ? Math.floor((day + place * 13) / QUARTER_DAYS) : 0;
}

/** The address of an application server at an instant. */
export function applicationAddress(place: number, instant: number, areRenewed: boolean): number {
  const generation = areRenewed ? generationOf(place, Math.floor(instant / DAY_MS)) % GENERATIONS : 0;
  const segment = generation * SEGMENTS_PER_GENERATION + Math.floor(place / SERVERS_PER_SEGMENT);
  return ipv4(10, 9, segment, FIRST_MACHINE + (place % SERVERS_PER_SEGMENT));
}

export const addressIpv6 = (person: Workstation): number => machineIpv6(person.fixedAddress);
