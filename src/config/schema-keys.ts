import type { z } from 'zod';
import type { KeyNote } from './value-types.ts';

/** A key of a schema, as a page tells of it. */
export interface SchemaKey {
  /** `input.time_zone`; `roles[].name` of the objects of a list. */
  readonly path: string;
  /** What may stand there. */
  readonly values: string;
  /** What holds without it, as Markdown. */
  readonly usual: string;
  readonly doc: string;
  /** It changes nothing here. */
  readonly isIdle: boolean;
}

interface Def {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
  readonly element?: z.ZodType;
  readonly keyType?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly defaultValue?: unknown;
}
const defOf = (schema: z.ZodType): Def => schema._zod.def as unknown as Def;

/** Every key of a strict object and of the objects within it, each before those inside it. */
export function schemaKeys(schema: z.ZodType, within = ''): SchemaKey[] {
  const shape = layersOf(schema)
    .map((layer) => defOf(layer).shape)
    .find((found) => found !== undefined);
  return Object.entries(shape ?? {}).flatMap(([name, member]) => {
    const path = within === '' ? name : `${within}.${name}`;
    const layers = layersOf(member);
    const element = layers.map((layer) => defOf(layer).element).find((found) => found !== undefined);
    const inner = element === undefined ? schemaKeys(member, path) : schemaKeys(element, `${path}[]`);
    return [keyOf(path, layers), ...inner];
  });
}

function keyOf(path: string, layers: readonly z.ZodType[]): SchemaKey {
  const notes = layers.map((layer) => layer.meta() as KeyNote | undefined);
  const { doc = '', idle } = notes.find((note) => note?.doc !== undefined) ?? {};
  const usual = notes.find((note) => note?.usual !== undefined)?.usual ?? usualOf(layers);
  return { path, values: valuesOf(layers), usual, doc, isIdle: idle === true };
}

/** The schema and what is inside its defaults, optionals and transforms, down to a value, a list or an object. */
function layersOf(schema: z.ZodType): z.ZodType[] {
  const def = defOf(schema);
  const before = def.in === undefined ? undefined : defOf(def.in).type;
  const inner = def.innerType ?? (before === 'transform' ? def.out : def.in);
  return inner === undefined ? [schema] : [schema, ...layersOf(inner)];
}

function valuesOf(layers: readonly z.ZodType[]): string {
  const said = layers.find(({ description }) => description !== undefined)?.description;
  if (said !== undefined) return said;
  const { type, element, keyType, valueType } = defOf(layers.at(-1)!);
  if (type === 'array') return `a list of: ${valuesOf(layersOf(element!))}`;
  if (type === 'record') return `an object: ${valuesOf(layersOf(keyType!))} → ${valuesOf(layersOf(valueType!))}`;
  return type === 'object' ? 'an object' : type === 'string' ? 'a name' : 'anything';
}

function usualOf(layers: readonly z.ZodType[]): string {
  const types = layers.map((layer) => defOf(layer).type);
  const set = layers[types.indexOf('default')];
  if (set !== undefined) return `\`${JSON.stringify(defOf(set).defaultValue)}\``;
  if (types.includes('prefault')) return '';
  return types.includes('optional') ? 'unset' : '**needed**';
}
