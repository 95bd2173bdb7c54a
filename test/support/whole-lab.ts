/** What a live lab has to hold at the end, whatever happened in it. */

import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { contentOfManifests, type LabOptions, type LiveLab, missingFiles, openLiveLab } from './live-lab.ts';

/** Runs a test in a lab of its own, so that several can wait at the same time. */
export async function inLab(options: LabOptions, test: (lab: LiveLab) => Promise<void>): Promise<void> {
  const lab = await openLiveLab(options);
  try {
    await test(lab);
  } finally {
    await lab.close();
  }
}

/** Files and slices as in an undisturbed run; nothing lost, twice, left in the queue or dead-lettered. */
export async function expectWhole(
  lab: LiveLab,
  reference: Readonly<Record<string, string>>,
  { project = 'default', version = 'v1' } = {},
): Promise<void> {
  const manifests = await lab.manifests(version, project);
  expect(contentOfManifests(manifests)).toEqual(reference);
  const ids = manifests.map(({ mini_batch_id: id }) => id);
  expect(ids).toEqual([...new Set(ids)]);
  expect(await missingFiles(lab.lake, manifests)).toEqual([]);
  expect(lab.sqs.queue('ndr').messages).toEqual([]);
  expect(lab.sqs.queue('ndr-dead-letters').messages).toEqual([]);
}

const PATIENCE_MS = 240_000;

/** Waits for what is bound to come. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const last = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (Date.now() > last) throw new Error(`it did not come about that ${what}`);
    await pause(100);
  }
}
