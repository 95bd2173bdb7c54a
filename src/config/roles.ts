import { z } from 'zod';
import type { RoleName, RoleSpec } from './batch-spec.ts';
import { FIELD_NAMES } from './canonical-fields.ts';
import { suggestion } from './nearest-key.ts';
import { show } from './shown-value.ts';
import { oneOf, unreadable, value } from './value-types.ts';

/** Both roles of a flow, each counting for its own host. The peer's port of an inbound host is the service it offers. */
const DEFAULT_ROLES: Readonly<Record<RoleName, RoleSpec>> = {
  outbound: {
    name: 'outbound',
    hostIp: 'source_ip',
    peerIp: 'destination_ip',
    bytesSent: 'source_bytes',
    bytesRecv: 'destination_bytes',
    peerPort: 'destination_port',
  },
  inbound: {
    name: 'inbound',
    hostIp: 'destination_ip',
    peerIp: 'source_ip',
    bytesSent: 'destination_bytes',
    bytesRecv: 'source_bytes',
    peerPort: 'destination_port',
  },
};

/** A canonical field of the right kind; another canonical field is a fault of its own. */
function field<const T extends string>(...allowed: readonly T[]): z.ZodType<T> {
  const expected = allowed.join(' or ');
  return value<T>(expected, (raw) => {
    const hit = allowed.find((name) => name === raw);
    if (hit !== undefined || typeof raw !== 'string') return hit;
    const isCanonical = (FIELD_NAMES as readonly string[]).includes(raw);
    const hint = isCanonical ? '' : suggestion(raw, allowed);
    return unreadable(`is ${show(raw)}; expected ${expected}${hint}`);
  });
}

const address = field('source_ip', 'destination_ip').optional();
const bytes = field('source_bytes', 'destination_bytes').optional();

const usually = (part: Exclude<keyof RoleSpec, 'name'>) => ({
  usual: Object.values(DEFAULT_ROLES)
    .map((usual) => `\`${usual[part]}\` (${usual.name})`)
    .join(', '),
});

const role = z.strictObject({
  name: oneOf('outbound', 'inbound').meta({ doc: 'The role.' }),
  host_ip: address.meta({ doc: 'Field of the host that the row is about.', ...usually('hostIp') }),
  peer_ip: address.meta({ doc: 'Field of the other end.', ...usually('peerIp') }),
  bytes_sent: bytes.meta({ doc: 'Field of the bytes that the host sent.', ...usually('bytesSent') }),
  bytes_recv: bytes.meta({ doc: 'Field of the bytes that the host received.', ...usually('bytesRecv') }),
  peer_port: field('source_port', 'destination_port')
    .optional()
    .meta({ doc: 'Field of the service port.', ...usually('peerPort') }),
});

/** `roles[]: {name, host_ip, peer_ip, bytes_sent, bytes_recv, peer_port}`; missing columns take the role's default. */
export const roles = z
  .array(role)
  .default([])
  .transform((given, context): readonly RoleSpec[] => {
    const fault = (path: (string | number)[], message: string): void => {
      context.addIssue({ code: 'custom', path, message });
    };
    const decoded = given.map((entry, i): RoleSpec => {
      const usual = DEFAULT_ROLES[entry.name];
      const spec: RoleSpec = {
        name: entry.name,
        hostIp: entry.host_ip ?? usual.hostIp,
        peerIp: entry.peer_ip ?? usual.peerIp,
        bytesSent: entry.bytes_sent ?? usual.bytesSent,
        bytesRecv: entry.bytes_recv ?? usual.bytesRecv,
        peerPort: entry.peer_port ?? usual.peerPort,
      };
      if (given.findIndex(({ name }) => name === entry.name) !== i) fault([i, 'name'], `repeats ${entry.name}`);
      if (spec.hostIp === spec.peerIp) fault([i, 'peer_ip'], `is ${spec.peerIp}, like host_ip`);
      if (spec.bytesSent === spec.bytesRecv) fault([i, 'bytes_recv'], `is ${spec.bytesRecv}, like bytes_sent`);
      return spec;
    });
    const order = Object.values(DEFAULT_ROLES);
    if (decoded.length === 0) return order;
    return order.flatMap(({ name }) => decoded.filter((spec) => spec.name === name));
  })
  .meta({ doc: 'Roles that a flow is counted in, each for its own host; one may be left out.', usual: 'both roles' });
