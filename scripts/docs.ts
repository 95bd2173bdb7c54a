// Writes the generated pages, or with --check says which of them no longer say what the tables say.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderSettingsDoc } from '../src/config/settings-doc.ts';
import { DEFAULT_VERSION } from '../src/config/spec-items.ts';
import { renderSpecsDoc } from '../src/config/specs-doc.ts';
import { renderMetricsPage } from '../src/http/metrics-page.ts';
import { renderCatalog } from '../src/operators/catalog.ts';
import { renderSchemas } from '../src/operators/dataset-schemas.ts';

/** Page → what it must say. */
const PAGES: Readonly<Record<string, () => string>> = {
  'docs/catalog.md': renderCatalog,
  'docs/metrics.md': () => renderMetricsPage(),
  'docs/settings.md': renderSettingsDoc,
  'docs/specs.md': renderSpecsDoc,
  // Columns are of the version of the specs; each that is still written has its page.
  [`docs/schemas/${DEFAULT_VERSION}.json`]: () => renderSchemas(DEFAULT_VERSION),
};

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function standing(page: string): string | undefined {
  try {
    return readFileSync(join(root, page), 'utf8');
  } catch {
    return undefined;
  }
}

const stale = Object.entries(PAGES)
  .map(([page, render]) => ({ page, text: render() }))
  .filter(({ page, text }) => standing(page) !== text);

if (process.argv.includes('--check')) {
  for (const { page } of stale)
    process.stderr.write(`${page} is not what the tables say: run "npm run docs" and read the difference\n`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const { page, text } of stale) {
    mkdirSync(dirname(join(root, page)), { recursive: true });
    writeFileSync(join(root, page), text);
    process.stdout.write(`${page} written\n`);
  }
}
