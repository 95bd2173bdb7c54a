/** A folder has one id, whoever takes it: what a route makes of its name, told by a message, found, or given to a command. */

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { keyOf, type LiveLab, RAW_BUCKET, routeOf, s3Event } from '../support/live-lab.ts';
import { runNdr } from '../support/ndr-process.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';
import { inLab, PATIENCE_MS } from '../support/whole-lab.ts';

const MINI_BATCHES = officeMiniBatches({ seed: 11, hosts: 3, slices: 2, thin: 6 });
const SITES = ['hq', 'lab'];
const TEMPLATE = { mini_batch_id_template: '{org2}-{yyyy}{mm}{dd}-{mini_batch_id}' };
const idsOf = (site: string): string[] =>
  MINI_BATCHES.map((miniBatch) => `${site}-${keyOf(miniBatch).split('/').slice(3, 6).join('')}-${miniBatch.id}`);

/** Runs a command on what a lab holds, from a home of its own. Resolves with what it said of each mini-batch, and in all. */
async function command(lab: LiveLab, ...args: string[]) {
  const { code, stdout, stderr } = await runNdr([...args, '--home', join(lab.folder, 'hand'), '--json'], lab.settings);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.map((line) => JSON.parse(line) as Record<string, unknown>);
  const said = lines.flatMap(({ mini_batch_id: id, outcome }) => (id === undefined ? [] : [`${id} ${outcome}`]));
  return { said: said.sort(), summary: lines.at(-1)?.['summary'] };
}
const each = (ids: readonly string[], outcome: string): string[] => ids.map((id) => `${id} ${outcome}`).sort();

it(
  'backfill, run-batch and serve know a folder under the id that its route makes; whoever comes second does nothing',
  () =>
    inLab({ routes: SITES.map((site) => routeOf(site, 'default', TEMPLATE)) }, async (lab) => {
      for (const site of SITES) for (const miniBatch of MINI_BATCHES) await lab.put(miniBatch, undefined, site);
      // One site by hand, before anything is served.
      const first = await command(lab, 'backfill', '--input', `s3://${RAW_BUCKET}/paloalto/acme/hq`);
      expect(first.said).toEqual(each(idsOf('hq'), 'committed'));
      // Both are announced: of the one nothing is left to do.
      const process = lab.serve();
      for (const site of SITES)
        for (const miniBatch of MINI_BATCHES)
          await lab.send(s3Event([`${keyOf(miniBatch, site)}/part-0.json.gz`], miniBatch.sliceEnd + 5000));
      await lab.settled(2 * MINI_BATCHES.length, [process]);
      await process.stop();
      expect(process.results.filter((line) => / committed 1$/.test(line)).sort()).toEqual(
        idsOf('lab')
          .map((id) => `${id} committed 1`)
          .sort(),
      );
      const committed = await lab.manifests();
      expect(committed.map(({ mini_batch_id: id }) => id).sort()).toEqual(SITES.flatMap(idsOf).sort());
      // And once more by hand: nothing is committed again, under whatever id.
      const again = await command(lab, 'backfill', '--input', `s3://${RAW_BUCKET}/paloalto`);
      expect(again.said).toEqual(each(SITES.flatMap(idsOf), 'skipped'));
      expect(again.summary).toMatchObject({ committed: 0, unchanged: 0, skipped: 4, failed: 0 });
      const one = await command(lab, 'run-batch', '--input', `s3://${RAW_BUCKET}/${keyOf(MINI_BATCHES[0]!, 'lab')}`);
      expect(one.said).toEqual([`${idsOf('lab')[0]} skipped`]);
      expect(await lab.manifests()).toEqual(committed);
      expect(lab.sqs.queue('ndr-dead-letters').messages).toEqual([]);
    }),
  PATIENCE_MS,
);
