import { nearestKey } from '../config/nearest-key.ts';
import { DAY_MS, HOUR_MS } from '../operators/time.ts';
import {
  INCIDENT_KIND_NAMES,
  INCIDENT_KINDS,
  type IncidentKind,
  type IncidentRequest,
  parametersOf,
  STRENGTHS,
  type Strength,
} from '../simulation/incident-kinds.ts';
import { MOST_DIRTY, MOST_SLICES, type OfficeOptions, SLICE_MS } from '../simulation/office.ts';
import { MOST_SCANNERS, MOST_WORKSTATIONS } from '../simulation/office-network.ts';
import { NUISANCES, type Nuisance } from '../simulation/office-plan.ts';
import type { Span } from '../simulation/session-maker.ts';
import { type CommandContext, type Flags, UsageError } from './command.ts';
import { instantFlag, oneOfFlag, textFlag, wholeFlag } from './flags.ts';

const NUISANCE_NAMES = Object.keys(NUISANCES) as readonly Nuisance[];
/** Slices end at minutes 08, 23, 38 and 53. */
const SLICE_PHASE = 8 * 60_000;
const FIRST_SLICE = Date.UTC(2026, 2, 2, 7, 8);
const USUAL_HOURS = 4;
const USUAL_HOSTS = 1000;
const USUAL_LINES_PER_FILE = 20_000;

export const SIMULATE_FLAGS: Flags = {
  to: {
    type: 'string',
    value: 'FORM',
    doc: '"lines" (default): log folders below --out; "fg_a": features, straight into the home.',
  },
  out: { type: 'string', value: 'DIR', doc: 'Folder for the lines: DIR/YYYY/MM/DD/<mini-batch>/part-<n>.json.gz.' },
  hosts: {
    type: 'string',
    value: 'N',
    doc: `Workstations, 3 to 100,000 (default ${USUAL_HOSTS}); servers come on top.`,
  },
  seed: { type: 'string', value: 'N', doc: 'The same seed gives the same office and the same bytes (default 1).' },
  from: {
    type: 'string',
    value: 'INSTANT',
    doc: 'Start of the first slice (default 2026-03-02T07:08Z, a Monday morning).',
  },
  slices: {
    type: 'string',
    value: 'N',
    doc: `How many slices of 15 minutes; or --hours, or --days (default ${USUAL_HOURS} hours).`,
  },
  hours: { type: 'string', value: 'N', doc: 'The same in hours.' },
  days: { type: 'string', value: 'N', doc: 'The same in days.' },
  incidents: {
    type: 'string',
    value: 'LIST',
    doc: 'What to hide, by commas: kind or kind:name=value:..., all, or none (default none).',
  },
  strength: {
    type: 'string',
    value: 'WORD',
    doc: `How easily incidents are found: ${STRENGTHS.join(', ')} (default usual).`,
  },
  without: {
    type: 'string',
    value: 'LIST',
    doc: `Harmless oddities to leave out, by commas: ${NUISANCE_NAMES.join(', ')}, all.`,
  },
  holidays: {
    type: 'string',
    value: 'LIST',
    doc: 'Days off, by commas: 2026-03-09,2026-03-10. Two or more end in a busy return.',
  },
  outages: {
    type: 'string',
    value: 'LIST',
    doc: 'When the forwarder is out, by commas: INSTANT/HOURS; it catches up at once.',
  },
  scanners: {
    type: 'string',
    value: 'N',
    doc: 'Internet addresses that try the doors (default one per 20 hosts, at least 40).',
  },
  dirty: { type: 'string', value: 'SHARE', doc: 'Share of lines that are spoilt, 0 to 0.4 (default 0.002).' },
  plain: { type: 'boolean', doc: 'Lines that are not compressed.' },
  'lines-per-file': { type: 'string', value: 'N', doc: `Most lines of one file (default ${USUAL_LINES_PER_FILE}).` },
};

export interface SimulationRequest {
  readonly to: 'lines' | 'fg_a';
  readonly office: OfficeOptions;
  readonly isPlain: boolean;
  readonly linesPerFile: number;
}

/** Reads the flags of a simulation. Throws one UsageError with everything that is wrong with them. */
export function readSimulation(context: Pick<CommandContext, 'flags'>): SimulationRequest {
  const faults: string[] = [];
  const read = <T>(reading: () => T): T | undefined => {
    try {
      return reading();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      faults.push(error.message);
      return undefined;
    }
  };
  const to = read(() => oneOfFlag(context, 'to', ['lines', 'fg_a'])) === 'fg_a' ? 'fg_a' : 'lines';
  const own = to === 'lines' ? [] : ['out', 'plain', 'lines-per-file'];
  for (const name of own.filter((flag) => context.flags[flag] !== undefined))
    faults.push(`--${name}: says how lines are written, and --to fg_a writes none; leave it out`);
  const strength = (read(() => oneOfFlag(context, 'strength', STRENGTHS)) ?? 'usual') as Strength;
  const office: OfficeOptions = {
    hosts: read(() => wholeFlag(context, 'hosts', 3, MOST_WORKSTATIONS)) ?? USUAL_HOSTS,
    seed: read(() => wholeFlag(context, 'seed', 0)) ?? 1,
    start: sliceStart(read(() => instantFlag(context, 'from')) ?? FIRST_SLICE),
    slices: read(() => slicesFlag(context)) ?? 1,
    incidents: read(() => incidentsFlag(context, strength)) ?? [],
    nuisances: read(() => nuisancesFlag(context)) ?? [],
    daysOff: read(() => listFlag(context, 'holidays', dayOff)) ?? [],
    outages: read(() => listFlag(context, 'outages', outage)) ?? [],
  };
  const scanners = read(() => wholeFlag(context, 'scanners', 0, MOST_SCANNERS));
  const dirty = read(() => shareFlag(context, 'dirty', MOST_DIRTY));
  const linesPerFile = read(() => wholeFlag(context, 'lines-per-file', 1, 1_000_000)) ?? USUAL_LINES_PER_FILE;
  if (faults.length > 0) throw new UsageError([...faults, 'see ndr simulate --help'].join('\n'));
  return {
    to,
    office: {
      ...office,
      ...(scanners === undefined ? {} : { scanners }),
      ...(dirty === undefined ? {} : { dirty }),
    },
    isPlain: context.flags['plain'] === true,
    linesPerFile,
  };
}

const sliceStart = (instant: number): number => Math.floor((instant - SLICE_PHASE) / SLICE_MS) * SLICE_MS + SLICE_PHASE;

function slicesFlag(context: Pick<CommandContext, 'flags'>): number {
  const perUnit = { slices: 1, hours: HOUR_MS / SLICE_MS, days: DAY_MS / SLICE_MS };
  const given = (Object.keys(perUnit) as (keyof typeof perUnit)[]).filter(
    (name) => textFlag(context, name) !== undefined,
  );
  if (given.length > 1)
    throw new UsageError(`${given.map((name) => `--${name}`).join(', ')}: say the same thing; give one of them`);
  const [name = 'hours'] = given;
  return (wholeFlag(context, name, 1, Math.floor(MOST_SLICES / perUnit[name])) ?? USUAL_HOURS) * perUnit[name];
}

function shareFlag(context: Pick<CommandContext, 'flags'>, name: string, most: number): number | undefined {
  const text = textFlag(context, name);
  if (text === undefined) return undefined;
  const share = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(share >= 0 && share <= most)) throw new UsageError(`--${name}: is "${text}"; give a share from 0 to ${most}`);
  return share;
}

function listFlag<T>(
  context: Pick<CommandContext, 'flags'>,
  name: string,
  read: (text: string, flag: string) => T,
): T[] {
  return (textFlag(context, name) ?? '')
    .split(',')
    .flatMap((text) => (text.trim() === '' ? [] : [read(text.trim(), name)]));
}

function nuisancesFlag(context: Pick<CommandContext, 'flags'>): Nuisance[] {
  const left = listFlag(context, 'without', (text, flag) =>
    text === 'all' ? text : known(text, NUISANCE_NAMES, flag),
  );
  return left.includes('all') ? [] : NUISANCE_NAMES.filter((name) => !left.includes(name));
}

function incidentsFlag(context: Pick<CommandContext, 'flags'>, strength: Strength): IncidentRequest[] {
  const text = textFlag(context, 'incidents') ?? 'none';
  if (text === 'none') return [];
  return listFlag(context, 'incidents', (entry, flag): IncidentRequest[] =>
    entry === 'all' ? INCIDENT_KIND_NAMES.map((kind) => ({ kind, strength })) : [incidentOf(entry, flag, strength)],
  ).flat();
}

/** `beacon:period=600:jitter=0.1` */
function incidentOf(entry: string, flag: string, strength: Strength): IncidentRequest {
  const [name = '', ...settings] = entry.split(':');
  const kind: IncidentKind = known(name, INCIDENT_KIND_NAMES, flag);
  const parameters: Record<string, number> = {};
  for (const setting of settings) {
    const [, parameter, value] = /^([a-z_]+)=(\d*\.?\d+)$/.exec(setting) ?? [];
    if (parameter === undefined) {
      const names = Object.keys(INCIDENT_KINDS[kind].parameters).join(', ');
      throw new UsageError(`--${flag}: "${setting}" of ${kind} is not name=number; its names are ${names}`);
    }
    parameters[parameter] = Number(value);
  }
  const request = { kind, strength, parameters };
  try {
    parametersOf(request);
  } catch (error) {
    throw new UsageError(`--${flag}: ${(error as Error).message}`);
  }
  return request;
}

function known<T extends string>(text: string, names: readonly T[], flag: string): T {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  const nearest = nearestKey(text, names);
  const advice = nearest === undefined ? `there are ${names.join(', ')}` : `did you mean ${nearest}?`;
  throw new UsageError(`--${flag}: "${text}" is unknown; ${advice}`);
}

function dayOff(text: string, flag: string): number {
  return Math.floor(instantFlag({ flags: { [flag]: text } }, flag)! / DAY_MS);
}

function outage(text: string, flag: string): Span {
  const [, instant, hours] = /^(.+)\/(\d*\.?\d+)h?$/.exec(text) ?? [];
  if (instant === undefined || Number(hours) > 48)
    throw new UsageError(
      `--${flag}: "${text}" is not INSTANT/HOURS of at most 48 hours, such as 2026-03-02T10:08:00Z/2`,
    );
  const start = instantFlag({ flags: { [flag]: instant } }, flag)!;
  return { start, end: start + Number(hours) * HOUR_MS };
}
