/** The fields of a log record that features are made of. A required one must be carried by some TRAFFIC record. */
export const CANONICAL_FIELDS = {
  source_ip: { required: true, doc: 'Address that opened the session.' },
  destination_ip: { required: true, doc: 'Address that was contacted.' },
  source_port: { required: true, doc: 'Port of the client.' },
  destination_port: { required: true, doc: 'Port of the service.' },
  source_bytes: { required: true, doc: 'Bytes from client to server.' },
  destination_bytes: { required: true, doc: 'Bytes from server to client.' },
  event_start: { required: true, doc: 'When the session began.' },
  event_end: { required: true, doc: 'When it ended; else event_start + duration.' },
  event_action: { required: false, doc: 'What the firewall did: allow, deny, drop, alert, ...' },
  event_reason: { required: false, doc: 'Why the session ended.' },
  event_name: { required: false, doc: 'Type of the log: TRAFFIC or THREAT.' },
  event_subtype: { required: false, doc: 'start, end, vulnerability, ...' },
  network_transport: { required: false, doc: 'tcp, udp, icmp, ...' },
  repeat_count: { required: false, doc: 'Sessions that the record stands for.' },
  duration: { required: false, doc: 'Seconds from start to end.' },
  session_id: { required: false, doc: "The firewall's number of the session." },
} as const satisfies Record<string, { required: boolean; doc: string }>;

export type CanonicalField = keyof typeof CANONICAL_FIELDS;
export const FIELD_NAMES = Object.keys(CANONICAL_FIELDS) as readonly CanonicalField[];
export type RequiredField = {
  [F in CanonicalField]: (typeof CANONICAL_FIELDS)[F]['required'] extends true ? F : never;
}[CanonicalField];
export const REQUIRED_FIELDS = FIELD_NAMES.filter((field): field is RequiredField => CANONICAL_FIELDS[field].required);

/** Where known products keep the canonical fields. Fields that a product lacks are read under their own name. */
export const PRESETS = {
  'cortex-data-lake': {
    source_ip: 'SourceAddress',
    destination_ip: 'DestinationAddress',
    source_port: 'SourcePort',
    destination_port: 'DestinationPort',
    source_bytes: 'BytesSent',
    destination_bytes: 'BytesReceived',
    event_start: 'SessionStartTime',
    duration: 'SessionDuration',
    event_action: 'Action',
    event_reason: 'SessionEndReason',
    event_name: 'LogType',
    event_subtype: 'Subtype',
    network_transport: 'Protocol',
    repeat_count: 'RepeatCount',
    session_id: 'SessionID',
  },
  'elastic-ecs': {
    source_ip: 'source.ip',
    destination_ip: 'destination.ip',
    source_port: 'source.port',
    destination_port: 'destination.port',
    source_bytes: 'source.bytes',
    destination_bytes: 'destination.bytes',
    event_start: 'event.start',
    event_end: 'event.end',
    event_action: 'panw.panos.action',
    event_reason: 'panw.panos.endreason',
    event_name: 'panw.panos.type',
    event_subtype: 'panw.panos.sub_type',
    network_transport: 'network.transport',
    repeat_count: 'panw.panos.repeat_count',
    session_id: 'panw.panos.flow_id',
  },
  cef: {
    source_ip: 'src',
    destination_ip: 'dst',
    source_port: 'spt',
    destination_port: 'dpt',
    source_bytes: 'out',
    destination_bytes: 'in',
    event_start: 'PanOSSessionStartTime',
    duration: 'cn3',
    event_action: 'act',
    event_reason: 'reason',
    network_transport: 'proto',
    repeat_count: 'cnt',
    session_id: 'cn1',
  },
} as const satisfies Record<string, Partial<Record<CanonicalField, string>>>;

export type PresetName = keyof typeof PRESETS;

/** What to know of a preset. */
export const PRESET_DOCS: Readonly<Record<PresetName, string>> = {
  'cortex-data-lake':
    'Flat JSON as Strata Logging Service forwards it over HTTPS. It has no end of the session, but its duration in whole seconds.',
  'elastic-ecs':
    "What Elastic's panw integration makes of PAN-OS logs. `event.action` is Elastic's own word (flow_terminated), so the " +
    "firewall's is read. `event.duration` is in nanoseconds, so it is not read: start and end say it.",
  cef:
    "CEF extension keys as JSON. `start` is when the log was written, not when the session began. The header's class and " +
    'name hold event_name and event_subtype: parsers name them differently, so map them yourself.',
};
export const PRESET_NAMES = Object.keys(PRESETS) as readonly PresetName[];
