import type { BatchSpec } from '../config/batch-spec.ts';
import type { RoleColumns } from '../operators/delta.ts';
import { PORT_SETS } from '../operators/delta-metrics.ts';
import type { ReaderOptions } from '../operators/flow-reader.ts';
import type { RoleName } from '../operators/role-rows.ts';
import type { SliceOptions } from '../operators/slice-rows.ts';
import type { WindowOptions } from '../operators/windows.ts';

const COLUMN = {
  source_ip: 'source',
  destination_ip: 'destination',
  source_bytes: 'sourceBytes',
  destination_bytes: 'destinationBytes',
  source_port: 'sourcePort',
  destination_port: 'destinationPort',
} as const;

/** What the operators are told of a project's specs. */
export function readerOptionsOf(spec: BatchSpec): ReaderOptions {
  return {
    fieldMapping: spec.fieldMapping,
    timeZone: spec.input.timeZone,
    vocabulary: {
      denyActions: spec.denyActions,
      denyReasons: spec.denyReasons,
      threatSubtypes: spec.dq.threatSubtypes,
    },
    quality: spec.dq,
    readsSourcePort: spec.roles.some(({ peerPort }) => peerPort === 'source_port'),
  };
}

export function furtherPortSetsOf(spec: BatchSpec): string[] {
  return Object.keys(spec.portSets).filter((set) => !(PORT_SETS as readonly string[]).includes(set));
}

export function sliceOptionsOf(
  spec: BatchSpec,
  slice: { readonly sliceStart: number; readonly sliceEnd: number },
  shards: number,
): SliceOptions {
  const roles = Object.fromEntries(
    spec.roles.map(({ name, hostIp, peerIp, bytesSent, bytesRecv, peerPort }): [RoleName, RoleColumns] => [
      name,
      {
        host: COLUMN[hostIp],
        peer: COLUMN[peerIp],
        sent: COLUMN[bytesSent],
        received: COLUMN[bytesRecv],
        port: COLUMN[peerPort],
      },
    ]),
  ) as Record<RoleName, RoleColumns>;
  return {
    quality: spec.dq,
    portSets: spec.portSets,
    furtherPortSets: furtherPortSetsOf(spec),
    pairCap: spec.pairCap,
    slice: { start: slice.sliceStart, end: slice.sliceEnd },
    shards,
    pairCounts: {
      requireIps: spec.pairCounts.requireNonnullIps,
      requirePort: spec.pairCounts.requireDestinationPort,
    },
    places: placesOf(spec),
    roles,
  };
}

export function windowOptionsOf(spec: BatchSpec): WindowOptions {
  return {
    places: placesOf(spec),
    adminPorts: [...(spec.portSets['admin'] ?? []), ...(spec.portSets['fileshare'] ?? [])],
  };
}

const placesOf = (spec: BatchSpec) => ({
  hostNetworks: spec.hostNetworks,
  segmentMapping: spec.segmentMapping,
  highRiskSegments: spec.fgA.highRiskSegments,
});
