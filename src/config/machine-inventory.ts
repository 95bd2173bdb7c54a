import { z } from 'zod';
import { prefix } from './prefix-types.ts';
import { ownKeys } from './spec-names.ts';
import { type Decoded, decodePayload, placeOf, type SpecPlace } from './spec-payload.ts';
import { agreeing, agreeingWord, listOf, oneOf, text, unused } from './value-types.ts';

export const MAPPING_CONTRACT = 'machine_inventory_mapping.v1';

/** What the other jobs read of the inventory's spec. */
export interface MachineInventory {
  readonly outputPrefix: string | undefined;
  readonly ipColumn: string | undefined;
  readonly nameColumn: string | undefined;
  readonly contractVersion: string | undefined;
}

const MACHINE_INVENTORY = (where: SpecPlace) =>
  z.strictObject({
    ...ownKeys(where),
    // The unload's own: read by the job that asks the warehouse.
    redshift: unused,
    query: unused,
    mode: oneOf('snapshot', 'incremental').default('snapshot'),
    output: z
      .strictObject({
        s3_prefix: prefix.optional(),
        output_format: agreeingWord('snapshots are Parquet; leave it out', 'parquet'),
        partitioning: agreeing(
          'snapshots are laid out by snapshot_month; leave it out',
          (raw) => Array.isArray(raw) && raw.length === 1 && raw[0] === 'snapshot_month',
        ),
        ip_output_column: text.optional(),
        name_output_column: text.optional(),
        mapping_contract_version: text.optional(),
      })
      .prefault({}),
    processing_image_uri: unused,
  });

/** Decodes the machine inventory's spec as far as baselines read it; every part may be missing. */
export function decodeMachineInventory(payload: unknown, where: SpecPlace): Decoded<MachineInventory> {
  const { value: given, warnings } = decodePayload(MACHINE_INVENTORY(where), payload, placeOf(where));
  return {
    warnings,
    value: {
      outputPrefix: given.output.s3_prefix,
      ipColumn: given.output.ip_output_column,
      nameColumn: given.output.name_output_column,
      contractVersion: given.output.mapping_contract_version,
    },
  };
}

const NON_PERSISTENT_PREFIXES = (where: SpecPlace) =>
  z.strictObject({ ...ownKeys(where), prefixes: listOf(text).default([]) });

/** Decodes the prefixes of machine names that are set up anew every day. */
export function decodeNonPersistentPrefixes(payload: unknown, where: SpecPlace): Decoded<readonly string[]> {
  const { value, warnings } = decodePayload(NON_PERSISTENT_PREFIXES(where), payload, placeOf(where));
  return { value: value.prefixes, warnings };
}
