import { writeFile } from 'node:fs/promises';
import { CATALOG, catalogTable, renderCatalog } from '../operators/catalog.ts';
import { encodeParquet } from '../state/parquet.ts';
import { type Command, EXIT, textFlag } from './command.ts';

export const catalog: Command = {
  summary: 'Print the feature catalog, or write it as Parquet.',
  usage: 'ndr catalog [--parquet FILE]',
  examples: ['ndr catalog > catalog.md', 'ndr catalog --parquet catalog.parquet', 'ndr catalog --json'],
  flags: { parquet: { type: 'string', value: 'FILE', doc: 'Write Parquet to this file.' } },
  async run(context) {
    const file = textFlag(context, 'parquet');
    const { settings, terminal } = context;
    const version = settings.feature_spec_version ?? 'v1';
    if (file !== undefined) {
      await writeFile(file, encodeParquet(catalogTable(version, (dataset) => `${settings.project}/${dataset}`)));
      terminal.note(`${CATALOG.length} features written to ${file}`);
    } else if (context.flags['json'] === true) {
      for (const { group, name, formula, doc, type, unit, family } of CATALOG) {
        terminal.out(JSON.stringify({ group, name, formula, description: doc, type, unit, family }));
      }
    } else terminal.out(renderCatalog().trimEnd());
    return EXIT.done;
  },
};
