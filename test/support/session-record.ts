/** The fields that a session's log record cannot do without, beside its times. */
export const SESSION = {
  source_ip: '10.0.0.1',
  destination_ip: '10.0.0.2',
  source_port: 50_000,
  destination_port: 443,
  source_bytes: 1,
  destination_bytes: 2,
} as const;
