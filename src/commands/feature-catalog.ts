import { writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DEFAULT_VERSION } from '../config/spec-items.ts';
import { CATALOG, catalogTable, renderCatalog } from '../operators/catalog.ts';
import { codeOf } from '../state/durable-file.ts';
import { encodeParquet } from '../state/parquet.ts';
import { type Command, EXIT, isJson, UsageError } from './command.ts';
import { textFlag } from './flags.ts';

export const catalog: Command = {
  summary: 'Print the feature catalog, or write it as Parquet.',
  usage: 'ndr catalog [--parquet FILE]',
  examples: ['ndr catalog > catalog.md', 'ndr catalog --parquet catalog.parquet', 'ndr catalog --json'],
  flags: { parquet: { type: 'string', value: 'FILE', doc: 'Write Parquet to this file.' } },
  async run(context) {
    const file = textFlag(context, 'parquet');
    const { settings, terminal } = context;
    const version = settings.feature_spec_version ?? DEFAULT_VERSION;
    if (file !== undefined) {
      const path = resolve(file);
      await write(path, encodeParquet(catalogTable(version, (dataset) => `${settings.project}/${dataset}`)));
      if (isJson(context)) terminal.out(JSON.stringify({ file: path, features: CATALOG.length }));
      else terminal.out(`${CATALOG.length} features written to ${file}`);
    } else if (isJson(context)) {
      for (const { group, name, formula, doc, type, unit, family } of CATALOG) {
        terminal.out(JSON.stringify({ group, name, formula, description: doc, type, unit, family }));
      }
    } else terminal.out(renderCatalog().trimEnd());
    return EXIT.done;
  },
};

async function write(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(path, bytes);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') throw new UsageError(`--parquet: there is no folder ${dirname(path)}; make it first`);
    if (code === 'EISDIR') throw new UsageError(`--parquet: ${path} is a folder; give a file`);
    throw new Error(`${path} cannot be written: ${code ?? String(error)}; give another file`, { cause: error });
  }
}
