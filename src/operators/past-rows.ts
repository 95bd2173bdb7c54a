import type { AddressList } from './address-book.ts';
import type { Numbers } from './narrow.ts';
import type { RoleName } from './role-rows.ts';
import { DAY_MS } from './time.ts';

/** Sessions of (host, peer, port) in one role. Hosts ascend; the rows of host i are offsets[i] .. offsets[i + 1]. */
export interface PastRows {
  readonly hosts: Uint32Array;
  readonly pairs: {
    readonly offsets: Uint32Array;
    readonly peer: Uint32Array;
    /** -1: no port. */
    readonly port: Int32Array;
    readonly sessions: Numbers;
    /** Of a rolled-up day, outbound: minutes from 00:00 UTC to the end of the first slice that holds the row. */
    readonly first?: Numbers;
  };
}

/** What the lookback reads of a slice. A sealed block is one. */
export interface PastSlice {
  readonly miniBatchId: string;
  readonly sliceEnd: number;
  readonly addresses: AddressList;
  readonly roles: Readonly<Record<RoleName, PastRows>>;
}

/** Ports from here on are picked at random by clients: to the lookback they are one. */
export const FIRST_EPHEMERAL_PORT = 32_768;

export const MINUTE_MS = 60_000;

/** 00:00 UTC of an instant's day. */
export const dayOf = (instant: number): number => Math.floor(instant / DAY_MS) * DAY_MS;

/** Days behind the current one that a lookback may reach. */
export const LOOKBACK_DAYS = 31;

const PORTS = 65_537;

/** One number for (peer, port) that sorts like them. Both are back in `peerOf` and `portOf`. */
export const pairCode = (peer: number, port: number): number => peer * PORTS + port + 1;
export const peerOf = (code: number): number => Math.floor(code / PORTS);
export const portOf = (code: number): number => (code % PORTS) - 1;
