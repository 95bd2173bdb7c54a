/** `ndr rebuild-index` over homes whose index or files were damaged at random. */

import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rebuildIndex } from '../../src/commands/rebuild-index.ts';
import type { Manifest } from '../../src/state/manifest.ts';
import { type BackfillLab, lakeOf, openLab } from '../support/backfill-lab.ts';
import { type CommandEnd, runCommand } from '../support/command-run.ts';
import { lastingIndex, PROJECT } from '../support/committed-lake.ts';
import { filesBelow } from '../support/folder-content.ts';
import { writeMiniBatch } from '../support/mini-batch-folders.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const miniBatches = officeMiniBatches({ seed: 5, hosts: 4, slices: 4, thin: 4 });

let lab: BackfillLab;
/** Its second mini-batch and those after it have two revisions. */
let reference: string;
beforeAll(async () => {
  lab = openLab(miniBatches);
  reference = lab.place('reference');
  await lab.backfill(reference);
  writeMiniBatch(lab.raw, miniBatches[1]!, { 'part-9.json.gz': miniBatches[0]!.lines.slice(0, 12) });
  await lab.backfill(reference);
});
afterAll(() => lab.close());

let copies = 0;
function copyHome(): string {
  const home = lab.place(`copy-${copies++}`);
  cpSync(reference, home, { recursive: true });
  return home;
}

const itemsOf = (home: string): string => join(home, 'state', 'items', 'batch_index', PROJECT);
const run = (home: string, flags: Record<string, boolean> = {}): Promise<CommandEnd> =>
  runCommand(rebuildIndex, { home, flags });
const summaryOf = ({ results }: CommandEnd) => results.at(-1)!['summary'] as Record<string, number>;

interface FoundManifest {
  readonly id: string;
  readonly revision: number;
  readonly path: string;
  readonly files: readonly string[];
}

function manifestsOf(home: string): FoundManifest[] {
  const paths = filesBelow(join(home, 'lake', '_batches')).filter((path) => path.includes('/_batch-'));
  return paths.map((path) => {
    const manifest = JSON.parse(readFileSync(join(home, 'lake', '_batches', path), 'utf8')) as Manifest;
    const files = Object.values(manifest.datasets).flatMap((dataset) => dataset.files.map((file) => file.path));
    return { id: manifest.mini_batch_id, revision: manifest.revision, path: `_batches/${path}`, files };
  });
}

const damage = (home: string, path: string, isGone: boolean): void => {
  const file = join(home, 'lake', path);
  if (isGone) rmSync(file, { force: true });
  else if (existsSync(file)) writeFileSync(file, `${readFileSync(file, 'latin1')}x`, 'latin1');
};

describe('rebuild-index', () => {
  it('changes nothing where nothing is amiss', async () => {
    const home = copyHome();
    const [index, lake] = [lastingIndex(home), lakeOf(home)];
    const end = await run(home);
    expect(end.code).toBe(0);
    expect(summaryOf(end)).toMatchObject({ stands: 4, restored: 0, lost: 0 });
    expect({ index: lastingIndex(home), lake: lakeOf(home) }).toEqual({ index, lake });
  });

  it('restores any items that are gone, whatever became of files that do not count', async () => {
    const keys = readdirSync(itemsOf(reference));
    const all = manifestsOf(reference);
    const newest = new Map(
      all.map(({ id }) => [id, Math.max(...all.filter((one) => one.id === id).map((one) => one.revision))]),
    );
    const counted = new Set(
      all.filter(({ id, revision }) => newest.get(id) === revision).flatMap(({ files }) => files),
    );
    const spare = all.flatMap(({ files }) => files).filter((path) => !counted.has(path));
    expect({ items: keys.length, spare: spare.length > 0 }).toEqual({ items: 12, spare: true });
    await fc.assert(
      fc.asyncProperty(fc.subarray(keys), fc.subarray(spare), fc.boolean(), async (gone, damaged, isGone) => {
        const home = copyHome();
        for (const key of gone) rmSync(join(itemsOf(home), key), { recursive: true });
        for (const path of damaged) damage(home, path, isGone);
        const dry = await run(home, { 'dry-run': true });
        expect(readdirSync(itemsOf(home))).toHaveLength(keys.length - gone.length);
        const end = await run(home);
        expect(summaryOf(dry)).toEqual({ ...summaryOf(end), dry_run: true });
        expect(end.code).toBe(0);
        expect(lastingIndex(home)).toEqual(lastingIndex(reference));
        rmSync(home, { recursive: true });
      }),
      { numRuns: 8 },
    );
  });

  it('takes the greatest revision that verifies, and lowers none without --force', async () => {
    const all = manifestsOf(reference);
    const names = all.flatMap(({ path, files }) => [path, ...files]);
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(names, { maxLength: 5 }),
        fc.subarray(miniBatches.map(({ id }) => id)),
        fc.boolean(),
        fc.boolean(),
        async (damaged, forgotten, isGone, isForced) => {
          const home = copyHome();
          for (const path of damaged) damage(home, path, isGone);
          for (const id of forgotten) rmSync(join(itemsOf(home), `v1%23batch%23${id}`), { recursive: true });
          const { results } = await run(home, isForced ? { force: true } : {});
          const index = lastingIndex(home);
          for (const { id } of miniBatches) {
            const revisions = all.filter((one) => one.id === id);
            const whole = revisions.filter(
              ({ path, files }) => ![path, ...files].some((name) => damaged.includes(name)),
            );
            const best = Math.max(0, ...whole.map(({ revision }) => revision));
            const was = Math.max(...revisions.map(({ revision }) => revision));
            const keeps = !forgotten.includes(id) && (best === 0 || (best < was && !isForced));
            const found = index[`v1#batch#${id}`]?.['revision'] ?? 0;
            expect({ id, found }).toEqual({ id, found: keeps ? was : best });
            const told = results.find((line) => line['mini_batch_id'] === id);
            if (
              best < was &&
              !forgotten.includes(id) &&
              revisions.some(({ path }) => existsSync(join(home, 'lake', path)))
            )
              expect(told?.['outcome']).toBe(best === 0 ? 'lost' : isForced ? 'lowered' : 'refused');
          }
          rmSync(home, { recursive: true });
        },
      ),
      { numRuns: 8 },
    );
  });

  it('says what does not verify, and ends with 1 where nothing is left', async () => {
    const home = copyHome();
    const [first] = manifestsOf(home).filter(({ id }) => id === miniBatches[0]!.id);
    damage(home, first!.files[0]!, false);
    const end = await run(home);
    expect(end.code).toBe(1);
    expect(end.results.find((line) => line['mini_batch_id'] === first!.id)).toMatchObject({
      outcome: 'lost',
      revision: 1,
      faults: [{ is: 'damaged', path: first!.files[0] }],
    });
  });

  it('leaves a home that goes on as if nothing had happened', async () => {
    const home = copyHome();
    rmSync(join(home, 'state'), { recursive: true });
    expect(summaryOf(await run(home))).toMatchObject({ restored: 4 });
    const lake = lakeOf(home);
    expect(await lab.backfill(home)).toMatchObject({ skipped: 4, committed: 0 });
    expect(lakeOf(home)).toEqual(lake);
  });
});
