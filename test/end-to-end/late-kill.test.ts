/** A run that is killed while something late comes in: whatever was written by then, the next run makes it right. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command } from '../../src/commands/command.ts';
import { openHome } from '../../src/commands/home.ts';
import { runMiniBatch } from '../../src/consumers/mini-batch.ts';
import { miniBatchFolderOf } from '../../src/consumers/settle-slice.ts';
import { scope } from '../../src/lifecycle.ts';
import { openDirectoryItems } from '../../src/state/items/directory.ts';
import { crashAt, type Interference, interferedWith } from '../state/interference.ts';
import { type BackfillLab, openLab } from '../support/backfill-lab.ts';
import { runCommand } from '../support/command-run.ts';
import { copyOfHome, countingFiles, marksOf, runOne, runReplay, SETTINGS } from '../support/late-traffic.ts';
import { folderOf, type MiniBatch } from '../support/mini-batch-folders.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const miniBatches = officeMiniBatches({ seed: 33, hosts: 3, slices: 5, thin: 16 });
const late = miniBatches[2]!;

let lab: BackfillLab;
let inOrder: string;
let before: string;
beforeAll(async () => {
  lab = openLab(miniBatches);
  inOrder = lab.place('in-order');
  before = lab.place('before');
  await lab.backfill(inOrder);
  const others = miniBatches.filter((miniBatch) => miniBatch !== late);
  for (const miniBatch of others) await runOne(before, lab.raw, miniBatch);
}, 60_000);
afterAll(() => lab.close(), 60_000);

/** `ndr run-batch` without what follows it, in a process that dies as `interfere` says. */
const dying = (interfere: Interference, miniBatch: Pick<MiniBatch, 'id' | 'sliceEnd'>): Command => ({
  summary: '',
  usage: '',
  examples: [],
  flags: {},
  run: (context) =>
    scope(async (onExit) => {
      const home = await openHome(context, onExit);
      const { lake, index } = home.deps;
      const items = await openDirectoryItems(join(home.folder, 'state', 'items'));
      const disturbed = interferedWith({ root: home.folder, lake, items, index }, interfere);
      const deps = { ...home.deps, lake: disturbed.lake, index: disturbed.index };
      const folder = miniBatchFolderOf(folderOf(lab.raw, miniBatch));
      await runMiniBatch(deps, { spec: home.spec, folder, sliceRules: home.sliceRules }).catch(() => {});
      return 0;
    }),
});

/** What a user, or a supervisor, would start next. */
const NEXT: Readonly<Record<string, (home: string) => Promise<unknown>>> = {
  'run-batch of the same': (home) => runOne(home, lab.raw, late),
  'the same backfill': (home) => lab.backfill(home),
  'replay --affected': async (home) => {
    await runReplay(home, { affected: true });
    // Where nothing of the late one had counted yet, nothing was affected.
    await runOne(home, lab.raw, late);
  },
};

describe('a late mini-batch whose run is killed at any write', () => {
  for (const [what, next] of Object.entries(NEXT)) {
    // What is killed after a write leaves what one that is killed before the next does.
    it(`is made right by ${what}`, async () => {
      let writes = 0;
      for (let n = 0; ; n++) {
        const home = copyOfHome(before, lab.place('killed'));
        const crash = crashAt(n, 'after');
        await runCommand(dying(crash.interfere, late), { home, settings: SETTINGS });
        if (crash.steps() <= n) break;
        writes++;
        await next(home);
        expect(marksOf(home), `killed after write ${n}`).toEqual({});
        expect(countingFiles(home), `killed after write ${n}`).toEqual(countingFiles(inOrder));
      }
      // Files, manifest, index item, range entry and two marks at least.
      expect(writes).toBeGreaterThan(8);
    }, 120_000);
  }

  it('bears marks that a kill does not undo', async () => {
    const home = copyOfHome(before, lab.place('marked'));
    const crash = crashAt(1_000_000, 'before');
    await runCommand(dying(crash.interfere, late), { home, settings: SETTINGS });
    const marks = marksOf(home);
    expect(Object.keys(marks).sort()).toEqual(miniBatches.slice(3).map(({ id }) => id));
    await runReplay(home, { affected: true, 'dry-run': true });
    expect(marksOf(home)).toEqual(marks);
  });
});
