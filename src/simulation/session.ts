/** One record of the simulated firewall, before it is written as a line. */
export interface Session {
  readonly event: 'TRAFFIC' | 'THREAT';
  readonly subtype: string;
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly transport: 'tcp' | 'udp' | 'icmp' | 'ipv6-icmp';
  readonly action: string;
  readonly reason: string;
  /** Bytes from client to server; absent where the firewall does not count them (THREAT). */
  readonly sent?: number;
  /** Bytes from server to client. */
  readonly received?: number;
  /** Milliseconds UTC. */
  readonly start: number;
  /** Milliseconds UTC; the firewall logs the record at this time. */
  readonly end: number;
  readonly repeats: number;
  readonly application: string;
  readonly rule: string;
}

/** The record as one line of canonical JSON. Fields that the record does not have are left out. */
export function sessionLine(session: Session, id: number): string {
  return JSON.stringify({
    event_name: session.event,
    event_subtype: session.subtype,
    source_ip: session.source,
    destination_ip: session.destination,
    source_port: session.sourcePort,
    destination_port: session.destinationPort,
    network_transport: session.transport,
    event_action: session.action,
    event_reason: session.reason,
    source_bytes: session.sent,
    destination_bytes: session.received,
    event_start: new Date(session.start).toISOString(),
    event_end: new Date(session.end).toISOString(),
    repeat_count: session.repeats,
    session_id: id,
    application: session.application,
    rule: session.rule,
  });
}
