/** What is known of the peers of one host, by their places. */
export interface PeerColumns {
  readonly id: Uint32Array;
  /** Its segment and more, in one number; what describing reads, and no one else. */
  readonly facts: Uint32Array;
  readonly isInternal: Uint8Array;
  readonly bytes: Float64Array;
  readonly bytesSent: Float64Array;
  readonly denied: Float64Array;
  readonly zeroReply: Float64Array;
  readonly hasAdminPort: Uint8Array;
  /** Place of the pair that came last. */
  readonly lastPair: Uint32Array;
  readonly lastPort: Int32Array;
}

/** The last port of a peer that has had none. */
export const NO_PORT_YET = -2;

export const peerColumns = (size: number): PeerColumns => ({
  id: new Uint32Array(size),
  facts: new Uint32Array(size),
  isInternal: new Uint8Array(size),
  bytes: new Float64Array(size),
  bytesSent: new Float64Array(size),
  denied: new Float64Array(size),
  zeroReply: new Float64Array(size),
  hasAdminPort: new Uint8Array(size),
  lastPair: new Uint32Array(size),
  lastPort: new Int32Array(size).fill(NO_PORT_YET),
});

/** The same, with room for twice as many. */
export function widerPeerColumns(columns: PeerColumns): PeerColumns {
  const { length } = columns.id;
  const wider = peerColumns(length * 2);
  for (const name of Object.keys(wider) as (keyof PeerColumns)[]) wider[name].set(columns[name]);
  wider.lastPort.fill(NO_PORT_YET, length);
  return wider;
}
