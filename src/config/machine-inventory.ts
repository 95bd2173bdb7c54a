import { z } from 'zod';
import { prefix } from './prefix-types.ts';
import { ownKeys } from './spec-names.ts';
import { type Decoded, decodePayload, placeOf, type SpecPlace } from './spec-payload.ts';
import { agreeing, agreeingWord, listOf, oneOf, text, unused } from './value-types.ts';

/** The key of project_parameters under which the pointer to the newest snapshot stands. */
export const MAPPING_POINTER = 'ip_machine_mapping_s3_prefix';
export const MAPPING_CONTRACT = 'machine_inventory_mapping.v1';

/** Columns of a snapshot where no spec names others. */
export const MAPPING_COLUMNS = { ip: 'ip_address', name: 'machine_name' } as const;

const shown = (word: string): string => `\`${word}\``;

/** What the other jobs read of the inventory's spec. */
export interface MachineInventory {
  readonly outputPrefix: string | undefined;
  readonly ipColumn: string | undefined;
  readonly nameColumn: string | undefined;
  readonly contractVersion: string | undefined;
}

/** The schema of the machine inventory's spec. */
export const machineInventorySchema = (where: SpecPlace) =>
  z.strictObject({
    ...ownKeys(where),
    // The unload's own: read by the job that asks the warehouse.
    redshift: unused,
    query: unused,
    mode: oneOf('snapshot', 'incremental').default('snapshot').meta({ doc: 'How the unload works; not read here.' }),
    output: z
      .strictObject({
        s3_prefix: prefix
          .optional()
          .meta({ doc: 'Where snapshots go; the pointer in project_parameters says which is read.' }),
        output_format: agreeingWord('snapshots are Parquet; leave it out', 'parquet'),
        partitioning: agreeing(
          'snapshots are laid out by snapshot_month; leave it out',
          (raw) => Array.isArray(raw) && raw.length === 1 && raw[0] === 'snapshot_month',
        ),
        ip_output_column: text.optional().meta({ doc: 'Column of the address.', usual: shown(MAPPING_COLUMNS.ip) }),
        name_output_column: text.optional().meta({ doc: 'Column of the name.', usual: shown(MAPPING_COLUMNS.name) }),
        mapping_contract_version: text
          .optional()
          .meta({ doc: 'Contract that a snapshot must name.', usual: shown(MAPPING_CONTRACT) }),
      })
      .prefault({})
      .meta({ doc: 'The snapshots.' }),
    processing_image_uri: unused,
  });

/** Decodes the machine inventory's spec as far as baselines read it; every part may be missing. */
export function decodeMachineInventory(payload: unknown, where: SpecPlace): Decoded<MachineInventory> {
  const { value: given, warnings } = decodePayload(machineInventorySchema(where), payload, placeOf(where));
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

/** The schema of the prefixes of machine names. */
export const nonPersistentPrefixesSchema = (where: SpecPlace) =>
  z.strictObject({
    ...ownKeys(where),
    prefixes: listOf(text)
      .default([])
      .meta({ doc: 'Beginnings of names, case ignored; those of the other specs count too.' }),
  });

/** Decodes the prefixes of machine names that are set up anew every day. */
export function decodeNonPersistentPrefixes(payload: unknown, where: SpecPlace): Decoded<readonly string[]> {
  const { value, warnings } = decodePayload(nonPersistentPrefixesSchema(where), payload, placeOf(where));
  return { value: value.prefixes, warnings };
}
