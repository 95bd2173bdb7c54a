/** What is written alike in many records of the firewall: all but addresses, ports, sizes and times. */
export interface RecordKind {
  readonly event: 'TRAFFIC' | 'THREAT';
  readonly subtype: string;
  readonly transport: Transport;
  readonly action: string;
  readonly reason: string;
  readonly application: string;
  readonly rule: string;
}
export type Transport = 'tcp' | 'udp' | 'icmp' | 'ipv6-icmp';

/** Gives every distinct kind a number; records hold that. */
export interface KindBook {
  numberOf(kind: RecordKind): number;
  readonly kinds: readonly RecordKind[];
}

export function createKindBook(): KindBook {
  const kinds: RecordKind[] = [];
  const numbers = new Map<string, number>();
  return {
    kinds,
    numberOf(kind) {
      const key = [
        kind.event,
        kind.subtype,
        kind.transport,
        kind.action,
        kind.reason,
        kind.application,
        kind.rule,
      ].join();
      const known = numbers.get(key);
      if (known !== undefined) return known;
      numbers.set(key, kinds.length);
      return kinds.push(kind) - 1;
    },
  };
}

export const isPortless = (transport: Transport): boolean => transport === 'icmp' || transport === 'ipv6-icmp';
