import { z } from 'zod';
import type { FieldMapping, SourcePath } from './batch-spec.ts';
import { CANONICAL_FIELDS, type CanonicalField, FIELD_NAMES, PRESETS, type PresetName } from './canonical-fields.ts';
import { show } from './shown-value.ts';
import { unreadable, value } from './value-types.ts';

/** Reads `source.ip` as the keys source, ip. `\.` is a dot within a key, for records that are flat: `source\.ip`. */
export function sourcePath(name: string): SourcePath | undefined {
  const keys = name.split(/(?<!\\)\./).map((key) => key.replaceAll('\\.', '.'));
  return keys.every((key) => key !== '') ? keys : undefined;
}

/** The inverse of {@link sourcePath}. */
export const formatSource = (path: SourcePath): string => path.map((key) => key.replaceAll('.', '\\.')).join('.');

const source: z.ZodType<SourcePath> = value('the name of a source field; dots reach into nested objects', (raw) => {
  if (typeof raw !== 'string' || raw.trim() === '') return undefined;
  return sourcePath(raw.trim()) ?? unreadable(`is ${show(raw)}, which has an empty key between its dots`);
});

/** The user's own entries: canonical field -> name of the source field. */
export const ownMapping = z
  .strictObject(
    Object.fromEntries(
      FIELD_NAMES.map((field) => [field, source.optional().meta({ doc: CANONICAL_FIELDS[field].doc })]),
    ) as {
      [field in CanonicalField]: z.ZodOptional<z.ZodType<SourcePath>>;
    },
  )
  .optional()
  .meta({ doc: 'Canonical field → source field; wins over the preset.', usual: 'fields under their canonical names' });

export type OwnMapping = { readonly [field in CanonicalField]?: SourcePath | undefined };

/** Where to find every canonical field: the user's own entry, else the preset's, else the field's own name. */
export function composeMapping(preset: PresetName | undefined, own: OwnMapping | undefined): FieldMapping {
  const known: Partial<Record<CanonicalField, string>> = preset === undefined ? {} : PRESETS[preset];
  return Object.fromEntries(
    FIELD_NAMES.map((field) => [field, own?.[field] ?? sourcePath(known[field] ?? field) ?? [field]]),
  ) as unknown as FieldMapping;
}

/** Fields that read what an earlier field reads: a value of a record is read into one field only. */
export function readTwice(mapping: FieldMapping): { field: CanonicalField; other: CanonicalField; source: string }[] {
  const holder = new Map<string, CanonicalField>();
  return FIELD_NAMES.flatMap((field) => {
    const source = formatSource(mapping[field]);
    const other = holder.get(source);
    if (other === undefined) holder.set(source, field);
    return other === undefined ? [] : [{ field, other, source }];
  });
}

/** Mapped fields that a projection of the source's columns leaves out, by the name of their outermost key. */
export function missingFromProjection(
  mapping: FieldMapping,
  projection: readonly string[],
  fields: readonly CanonicalField[],
): string[] {
  const kept = new Set(projection.flatMap((name) => [name, name.split('.')[0]!]));
  return fields.map((field) => mapping[field][0]!).filter((name) => !kept.has(name));
}
