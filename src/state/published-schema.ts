import { type Field, type Schema, SchemaError } from '../operators/table.ts';
import { schemaOfFile } from './parquet-file-schema.ts';
import type { EncodedPart } from './publish.ts';

/**
 * Holds encoded files to the schema of their dataset, whoever encoded them and whatever their tables said of themselves.
 *
 * @throws {SchemaError} naming every column that is missing, extra, elsewhere, of another type or nullability
 */
export function checkParts(dataset: string, parts: readonly EncodedPart[], schema: Schema): void {
  const faults = parts.flatMap(({ bytes }, n) =>
    schemaFaults(schema, schemaOfFile(bytes, `part ${n} of ${dataset}`)).map((fault) => `part ${n}: ${fault}`),
  );
  if (faults.length > 0) throw new SchemaError(faults.map((fault) => `${dataset}, ${fault}`));
}

function schemaFaults(wanted: Schema, found: Schema): string[] {
  const names = Object.keys(wanted);
  const missing = names.filter((name) => !Object.hasOwn(found, name)).map((name) => `${name} is missing`);
  const extra = Object.keys(found).filter((name) => !Object.hasOwn(wanted, name));
  const others = names.flatMap((name) => {
    const own = found[name];
    return own === undefined || describe(own) === describe(wanted[name]!)
      ? []
      : [`${name} is ${describe(own)}, the schema says ${describe(wanted[name]!)}`];
  });
  const faults = [...missing, ...extra.map((name) => `${name} is not in the schema`), ...others];
  const isInOrder = Object.keys(found).every((name, n) => name === names[n]);
  return faults.length > 0 || isInOrder ? faults : ['its columns stand in another order'];
}

const describe = ({ type, nullable }: Field): string => `${type}${nullable ? ' or null' : ''}`;
