import { countPortSet, DELTA_METRICS, DELTA_QUANTILES, type DeltaOperator } from './delta-metrics.ts';
import type { Field, Schema } from './table.ts';

/** The mini-batch that rows belong to. Instants are ms UTC. */
export interface Lineage {
  readonly miniBatchId: string;
  readonly sliceStart: number;
  readonly sliceEnd: number;
}

/** Rows start .. end - 1 of a dataset. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const HOST: Field = { type: 'string', doc: 'Monitored address.' };
const ROLE: Field = { type: 'string', doc: 'outbound: the host opened the session; inbound: it was contacted.' };
const MINI_BATCH: Field = { type: 'string', doc: 'Mini-batch that delivered the flows.' };

/** Columns of a delta row under a spec's operators and further port sets. */
export function deltaSchema(operators: readonly DeltaOperator[], furtherPortSets: readonly string[]): Schema {
  const metrics = [...DELTA_METRICS, ...furtherPortSets.map(countPortSet)].filter(({ operator }) =>
    operators.includes(operator),
  );
  return {
    host_ip: HOST,
    role: ROLE,
    slice_start_ts: { type: 'timestamp', doc: 'Start of the slice, exclusive.' },
    slice_end_ts: { type: 'timestamp', doc: 'End of the slice, inclusive.' },
    mini_batch_id: MINI_BATCH,
    segment_id: { type: 'string', doc: 'Segment of the host.' },
    ...Object.fromEntries(metrics.map(({ name, type, doc }) => [name, { type, doc }])),
    ...(operators.includes('quantiles')
      ? Object.fromEntries(
          Object.entries(DELTA_QUANTILES).map(([name, { doc }]) => [
            name,
            { type: 'list<double>', nullable: true, doc } satisfies Field,
          ]),
        )
      : {}),
  };
}

export const PAIR_CONTEXT_SCHEMA = {
  host_ip: HOST,
  role: ROLE,
  peer_ip: { type: 'string', doc: 'The other end.' },
  peer_port: { type: 'int32', nullable: true, doc: 'Service port; null: none, or ICMP.' },
  slice_start_ts: { type: 'timestamp', doc: 'Start of the slice, exclusive.' },
  slice_end_ts: { type: 'timestamp', doc: 'End of the slice, inclusive.' },
  mini_batch_id: MINI_BATCH,
  sessions_cnt: { type: 'int64', doc: 'Sessions.' },
  deny_cnt: { type: 'int64', doc: 'Sessions that the firewall denied.' },
  zero_reply_cnt: { type: 'int64', doc: 'Sessions that the server answered with no byte.' },
  bytes_sent_sum: { type: 'int64', doc: 'Bytes that the host sent.' },
  bytes_recv_sum: { type: 'int64', doc: 'Bytes that the host received.' },
  first_event_ts: { type: 'timestamp', nullable: true, doc: 'Oldest event_start.' },
  event_ts: { type: 'timestamp', nullable: true, doc: 'Newest event_end.' },
  starts: {
    type: 'list<timestamp>',
    nullable: true,
    doc: 'event_start of the earliest 64 records that have one, ascending; null under two sessions, empty if none has one.',
  },
  max_duration_ms: { type: 'int64', doc: 'Longest session.' },
  pair_key: { type: 'string', doc: 'peer_ip|peer_port, nothing behind the bar without a port.' },
} as const satisfies Schema;

export const PAIR_COUNTS_SCHEMA = {
  src_ip: { type: 'string', doc: 'Source address, monitored or not.' },
  dst_ip: { type: 'string', doc: 'Destination address.' },
  dst_port: { type: 'int32', doc: 'Destination port.' },
  segment_id: { type: 'string', doc: 'Segment of src_ip.' },
  event_ts: { type: 'timestamp', doc: 'End of the slice.' },
  sessions_cnt: { type: 'int64', doc: 'Sessions.' },
  mini_batch_id: MINI_BATCH,
} as const satisfies Schema;
