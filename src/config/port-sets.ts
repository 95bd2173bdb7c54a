import { z } from 'zod';
import { PORT_SETS } from '../operators/delta-metrics.ts';
import { MAX_PORT_SETS } from '../operators/flow.ts';
import { show } from './shown-value.ts';
import { type Decoded, decodePayload } from './spec-payload.ts';
import { listOf, value } from './value-types.ts';

export type PortSets = Readonly<Record<string, readonly number[]>>;

type DefaultSet = (typeof PORT_SETS)[number];
const DEFAULT_PORTS: Record<DefaultSet, readonly (number | string)[]> = {
  high_risk: [
    ...[21, 23, 69, 135, '137-139', 445, '512-514', 1080, 1433, 2323],
    ...[3389, 4444, 5555, '5900-5903', '6660-6669', 9001],
  ],
  admin: [22, 23, 135, 3389, '5900-5903', 5985, 5986],
  fileshare: [20, 21, 111, '137-139', 445, 548, 873, 2049],
  directory: [88, 389, 464, 636, 3268, 3269],
  db: [1433, 1434, 1521, 3306, 5432, 5984, 6379, 9042, 9200, 27017],
};

const MAX_PORT = 65_535;
function portsOf(raw: unknown): readonly number[] | undefined {
  const match = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/.exec(typeof raw === 'number' ? String(raw) : String(raw).trim());
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  if (first > last || last > MAX_PORT) return undefined;
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

const ports = value('a port 0..65535, or a range such as "137-139"', portsOf);
const portList = listOf(ports).transform((lists) => [...new Set(lists.flat())].sort((a, b) => a - b));

/** `HIGH_RISK`, `high-risk` and `HIGH_RISK_PORTS` all name the set `high_risk`. */
const portSetName = (given: string): string =>
  given
    .trim()
    .toLowerCase()
    .replaceAll('-', '_')
    .replace(/_ports?$/, '');

/** `{<set>: [port, "a-b", ...]}` -> set name, lower case -> ports, ascending. */
export const portSets = z.record(z.string(), portList).transform((given, context): PortSets => {
  const sets = new Map<string, readonly number[]>();
  for (const [key, list] of Object.entries(given)) {
    const name = portSetName(key);
    const fault = (message: string): void => {
      context.addIssue({ code: 'custom', path: [key], message });
    };
    if (!/^[a-z][a-z0-9_]{0,39}$/.test(name)) fault(`${show(key)} cannot name a set: 1 to 40 of a-z, 0-9, _`);
    if (sets.has(name)) fault(`names the set ${name} for the second time`);
    sets.set(name, list);
  }
  return Object.fromEntries(sets);
});

/** Decodes the JSON document that `enrichment.port_sets_location` names. */
export function decodePortSets(document: unknown, place: string): Decoded<PortSets> {
  return decodePayload(portSets, document, place);
}

export function defaultPortSets(): PortSets {
  const entries = PORT_SETS.map((set) => [set, DEFAULT_PORTS[set].flatMap((port) => portsOf(port) ?? [])]);
  return Object.fromEntries(entries);
}

/**
 * The sets in force: later layers replace sets of earlier ones, whole. The five that every delta row counts come first,
 * further ones by name. Answers undefined where there are more than fit.
 */
export function layerPortSets(...layers: readonly PortSets[]): PortSets | undefined {
  const all: Record<string, readonly number[]> = Object.assign({}, ...layers);
  const further = Object.keys(all)
    .filter((set) => !(PORT_SETS as readonly string[]).includes(set))
    .sort();
  const names = [...PORT_SETS, ...further];
  return names.length > MAX_PORT_SETS ? undefined : Object.fromEntries(names.map((set) => [set, all[set] ?? []]));
}

export const MAX_FURTHER_SETS: number = MAX_PORT_SETS - PORT_SETS.length;
