import { busyness, dayOf } from './daily-rhythm.ts';
import { type DiceStream, mixed } from './dice-stream.ts';
import type { PeerRole } from './habits.ts';
import {
  ANTIVIRUS_SERVERS,
  addressAt,
  addressIpv6,
  applicationAddress,
  OUTSIDE,
  SERVERS,
  SITES_WITH_IPV6,
  siteAddress,
  type Workstation,
} from './office-network.ts';
import type { OfficePlan } from './office-plan.ts';
import type { RecordBatch } from './record-batch.ts';
import { addSession, type Span } from './session-maker.ts';
import { ipv4, knownIpv6, siteIpv6 } from './simulated-address.ts';
import { addTimer, type TimerPeer } from './timers.ts';

const MINUTE = 60_000;
const AWAY_SHARE = 0.08;
/** Machines that are not left on are switched off while the office is less busy than this. */
const DARK_BELOW = 0.12;
const FAVOURITES = 24;
const FAVOURITE_SHARE = 0.65;
const FAVOURITE_APPLICATIONS = 3;
/** What the proxy still holds it does not fetch again. */
const FETCHED_SHARE = 0.8;
/** So many people share a virtual desktop in turn. */
const PEOPLE_PER_DESKTOP = 3;

/** What people and their machines did in a slice. */
export function addEveryday(plan: OfficePlan, slice: Span, batch: RecordBatch): void {
  const { seed, network, dice, daysOff } = plan;
  const sliceNumber = Math.floor(slice.end / MINUTE);
  const day = dayOf(slice.start);
  for (const person of network.people) {
    const isAway = mixed(seed, person.index, 0x20000 + day) / 2 ** 32 < AWAY_SHARE;
    const busy = isAway ? 0 : busyness(slice.start - person.lateness * MINUTE, daysOff);
    if (!person.staysOn && !person.isDesktop && busy < DARK_BELOW) continue;
    const source = addressAt(person, slice.start, plan.nuisances.has('leases'));
    dice.reseed(seed, person.index, sliceNumber);
    addHabits(plan, person, source, busy * person.activity, slice, batch);
    addTimers(plan, person, source, slice, batch);
  }
}

function addHabits(
  plan: OfficePlan,
  person: Workstation,
  source: number,
  busy: number,
  slice: Span,
  batch: RecordBatch,
): void {
  const { dice, shapes } = plan;
  const length = slice.end - slice.start;
  const who = interestsOf(plan, person, slice.start);
  for (const habit of plan.habits) {
    if (habit.only === 'ipv6' && !person.hasIpv6) continue;
    if (habit.only === 'administrator' && !person.isAdministrator) continue;
    for (let left = dice.count(habit.rate * (habit.rhythm === 'machine' ? 1 : busy)); left > 0; left--) {
      const from = habit.only === 'ipv6' ? addressIpv6(person) : source;
      const peer = peerOf(habit.peer, plan, person, who, slice.start);
      const end = slice.start + 1 + dice.below(length);
      const isWeb = habit.peer === 'site' && habit.transport === 'tcp' && habit.denied !== true;
      if (isWeb && person.isProxied) {
        addSession(batch, shapes.proxied, source, SERVERS.proxy, end, slice, dice);
        if (dice.chance(FETCHED_SHARE)) addSession(batch, shapes.web, SERVERS.proxy, peer, end, slice, dice);
      } else addSession(batch, habit, from, peer, end, slice, dice);
    }
  }
}

/** Whose habits of choice are at this machine: a virtual desktop has another person every day. */
function interestsOf({ seed, nuisances }: OfficePlan, { index, isDesktop }: Workstation, instant: number): number {
  if (!isDesktop || !nuisances.has('desktops')) return index;
  return 0x1000000 + index * PEOPLE_PER_DESKTOP + (mixed(seed, index, 0x30000 + dayOf(instant)) % PEOPLE_PER_DESKTOP);
}

function peerOf(role: PeerRole, plan: OfficePlan, person: Workstation, who: number, instant: number): number {
  const { network, dice, seed } = plan;
  const site = network.sites[person.site]!;
  switch (role) {
    case 'site':
      return siteAddress(rankOf(plan, who), dice.unit());
    case 'site6':
      return siteIpv6(rankOf(plan, who) % SITES_WITH_IPV6);
    case 'directory':
      return site.directory[dice.below(2)]!;
    case 'files':
      return site.files;
    case 'printer':
      return site.printer;
    case 'mail':
      return SERVERS.mail;
    case 'intranet':
      return SERVERS.intranet;
    case 'application': {
      const { applications } = network;
      if (applications === 0) return SERVERS.intranet;
      const favourite = mixed(seed, who, 0x500 + dice.below(FAVOURITE_APPLICATIONS)) % applications;
      return applicationAddress(favourite, instant, plan.nuisances.has('new_servers'));
    }
    case 'server': {
      const place = dice.below(network.servers.length + network.applications) - network.applications;
      if (place >= 0) return network.servers[place]!;
      return applicationAddress(-1 - place, instant, plan.nuisances.has('new_servers'));
    }
    case 'neighbour':
      return addressAt(network.people[dice.below(network.people.length)]!, instant, plan.nuisances.has('leases'));
    case 'broadcast':
      return ((person.fixedAddress & 0xffffff00) | 255) >>> 0;
    case 'meetings':
      return OUTSIDE.meetings;
    case 'chat':
      return OUTSIDE.chat;
    case 'updates':
      return OUTSIDE.updates;
    case 'mdns':
      return ipv4(224, 0, 0, 251);
    case 'mdns6':
      return knownIpv6(dice.chance(0.5) ? 'ff02::fb' : 'ff02::16');
    case 'ssdp':
      return ipv4(239, 255, 255, 250);
    case 'router6':
      return knownIpv6('fd10:10:10::a');
  }
}

/** Rank of a web site: mostly one of the person's own, drawn from the same law as all others. */
function rankOf({ seed, dice, sites }: OfficePlan, who: number): number {
  if (!dice.chance(FAVOURITE_SHARE)) return sites[dice.below(sites.length)]!;
  const throwOf = dice.unit();
  return sites[mixed(seed, who, 0x400 + Math.floor(throwOf * throwOf * FAVOURITES)) >>> 16]!;
}

function addTimers(plan: OfficePlan, person: Workstation, source: number, slice: Span, batch: RecordBatch): void {
  const { seed, timers, network, nuisances, dice } = plan;
  for (const [place, timer] of timers.entries()) {
    const own = mixed(seed, person.index, 0x600 + place);
    if (timer.share < 1 && own / 2 ** 32 >= timer.share) continue;
    if (timer.peer === 'antivirus' && !nuisances.has('antivirus')) continue;
    const peer = timerPeer(timer.peer, own, network.sites[person.site]!.directory);
    addTimer(batch, timer, timer, own, source, peer, slice, dice);
  }
}

function timerPeer(role: TimerPeer, own: number, directory: readonly [number, number]): number {
  switch (role) {
    case 'antivirus':
      return OUTSIDE.antivirus + (own % ANTIVIRUS_SERVERS);
    case 'vendor':
      return siteAddress(1 + (own % 12), 0);
    case 'updates':
      return OUTSIDE.updates;
    case 'lease':
      return directory[0];
    case 'directory':
      return directory[own & 1]!;
  }
}

/** Dice of one machine for one day and purpose. */
export function reseedForDay(dice: DiceStream, seed: number, machine: number, day: number, purpose: number): void {
  dice.reseed(seed ^ Math.imul(purpose, 0x01000193), machine, day);
}
