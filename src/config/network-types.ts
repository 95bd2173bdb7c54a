import { z } from 'zod';
import { formatIpv4, formatIpv6 } from '../operators/address.ts';
import { WHOLE_PROJECT } from '../operators/baseline-rows.ts';
import { parseNetwork } from '../operators/networks.ts';
import type { SegmentMapping } from '../operators/segments.ts';
import { SEG_UNKNOWN } from '../operators/segments.ts';
import { show } from './shown-value.ts';
import { listOf, oneOf, text, unreadable, value, wholeNumber } from './value-types.ts';

/** The canonical CIDR of a network or of a single address; undefined if the text is neither. */
function canonicalNetwork(given: string): string | undefined {
  const network = parseNetwork(given);
  if (network === undefined) return undefined;
  return `${network.family === 4 ? formatIpv4(network.base) : formatIpv6(network.base)}/${network.length}`;
}

/** A CIDR or an address, as canonical CIDR. Host bits are a fault: `10.1.2.3/8` is either a typing error or a /32. */
const network: z.ZodType<string> = value('a network such as 10.0.0.0/8, or an address', (raw) => {
  if (typeof raw !== 'string') return undefined;
  const given = raw.trim();
  const canonical = canonicalNetwork(given);
  if (canonical === undefined || !given.includes('/')) return canonical;
  const address = given.slice(0, given.lastIndexOf('/'));
  if (canonicalNetwork(address)?.split('/')[0] === canonical.split('/')[0]) return canonical;
  return unreadable(`is ${show(raw)}, which has bits beyond its length; did you mean ${canonical} or ${address}?`);
});

export const networks: z.ZodType<readonly string[]> = listOf(network).transform((list) => [
  ...new Set(list),
]) as z.ZodType<readonly string[]>;

/** A segment's id: a network in CIDR form, or a name of the segment mapping. */
export const segmentId: z.ZodType<string> = value(
  'a network such as 203.0.113.0/24, or the name of a segment',
  (raw) => {
    if (typeof raw !== 'string' || raw.trim() === '') return undefined;
    const given = raw.trim();
    return canonicalNetwork(given) ?? (given.includes('/') ? undefined : given);
  },
);

export const DEFAULT_SEGMENT_MAPPING: SegmentMapping = { prefixLength: 24, ipv6PrefixLength: 64, networks: [] };

const namedNetworks = z.record(text, networks).optional();
const DEFAULTS = DEFAULT_SEGMENT_MAPPING;

/** `{strategy, prefix_length, ipv6_prefix_length, networks: {<name>: CIDR or list of CIDRs}}`. */
export const segmentMapping = z
  .strictObject({
    strategy: oneOf('ipv4_prefix', 'cidr_map')
      .optional()
      .meta({ doc: 'By prefix length alone, or by name first.', usual: '`cidr_map` if networks are named' }),
    prefix_length: wholeNumber(0, 32)
      .default(DEFAULTS.prefixLength)
      .meta({ doc: 'Bits that IPv4 addresses of a segment share, outside of named networks.' }),
    ipv6_prefix_length: wholeNumber(0, 128)
      .default(DEFAULTS.ipv6PrefixLength)
      .meta({ doc: 'The same of IPv6 addresses.' }),
    networks: namedNetworks.meta({ doc: 'Segments by name; of several that hold an address, the narrowest.' }),
    cidr_map: namedNetworks.meta({ doc: 'The same, under the name of the older system.' }),
  })
  .transform((given, context): SegmentMapping => {
    const named = Object.entries({ ...given.cidr_map, ...given.networks });
    const strategy = given.strategy ?? (named.length > 0 ? 'cidr_map' : 'ipv4_prefix');
    const fault = (path: string, message: string): void => {
      context.addIssue({ code: 'custom', path: [path], message });
    };
    if (strategy === 'cidr_map' && named.length === 0)
      fault('networks', 'is missing; strategy cidr_map needs {"<name>": "<CIDR>"}');
    if (strategy === 'ipv4_prefix' && named.length > 0)
      fault('networks', 'has no effect under strategy ipv4_prefix; set strategy to cidr_map');
    const holder = new Map<string, string>();
    for (const [name, cidrs] of named) {
      if (name === SEG_UNKNOWN || name === WHOLE_PROJECT || /[/|]/.test(name))
        fault('networks', `${show(name)} cannot be the name of a segment`);
      for (const cidr of cidrs) {
        const other = holder.get(cidr);
        if (other !== undefined) fault('networks', `${cidr} belongs to both ${other} and ${name}`);
        holder.set(cidr, name);
      }
    }
    return {
      prefixLength: given.prefix_length,
      ipv6PrefixLength: given.ipv6_prefix_length,
      networks: [...holder].map(([cidr, name]) => ({ name, cidr })),
    };
  })
  .meta({ doc: 'How addresses are grouped into segments. State it once, in project_parameters.' });
