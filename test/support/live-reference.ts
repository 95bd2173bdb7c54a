/** What mini-batches come to where nothing disturbs them: a backfill from a directory, which knows neither queue nor S3. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Manifest } from '../../src/state/manifest.ts';
import { readManifests } from './committed-lake.ts';
import { contentOfManifests, type LiveLab, missingFiles } from './live-lab.ts';
import { ID_PATTERN, type MiniBatch, writeMiniBatch } from './mini-batch-folders.ts';
import { runNdr } from './ndr-process.ts';

/** Manifests of all mini-batches, in order. Those of the first few alone would be the first few of these. */
export async function undisturbed(miniBatches: readonly MiniBatch[]): Promise<Manifest[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ndr-undisturbed-'));
  try {
    for (const miniBatch of miniBatches) writeMiniBatch(join(folder, 'raw'), miniBatch);
    const args = ['backfill', '--input', join(folder, 'raw'), '--home', join(folder, 'home')];
    const { code, stderr } = await runNdr(args, { NDR_INPUT_ID_PATTERN: ID_PATTERN, NDR_THREADS: '1' });
    if (code !== 0) throw new Error(`the undisturbed backfill ended with ${code}: ${stderr}`);
    return readManifests(join(folder, 'home'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A trial of which no message ends for as long hangs. */
const PATIENCE_MS = 240_000;

/** Mini-batches that the undisturbed run read as just these folders; which of them were committed must be all. */
export interface Expected {
  readonly reference: readonly Manifest[];
  /** So many of the first mini-batches have been announced. */
  readonly announced: number;
}

/**
 * Waits until the lab holds what the undisturbed run holds and no message is left; what differs when patience ends. Then looks
 * at the rest: each mini-batch is in the index once, each file that counts is there, no message was given up.
 */
export async function differencesOfLab(lab: LiveLab, { reference, announced }: Expected): Promise<string[]> {
  const expected = reference.slice(0, announced);
  let patience = 0;
  let left = Number.POSITIVE_INFINITY;
  let manifests: readonly Manifest[] = [];
  let open: string[] = [];
  for (;;) {
    const waiting = lab.sqs.queue('ndr').messages.length;
    if (waiting < left) {
      left = waiting;
      patience = Date.now() + PATIENCE_MS;
    }
    const isLate = Date.now() >= patience;
    // Before the queue is empty it cannot be over: to read what is there takes from those who still work.
    if (isLate || waiting === 0) {
      manifests = await lab.manifests();
      open = [
        ...unequal(contentOfManifests(expected), contentOfManifests(manifests)),
        ...lab.sqs.queue('ndr').messages.map(({ body }) => `still on the queue: ${body}`),
      ];
      if (isLate || open.length === 0) break;
    }
    await pause(200);
  }
  const ids = manifests.map(({ mini_batch_id: id }) => id).sort();
  const items: string[] = [];
  for await (const { miniBatchId } of lab.index.batches('default', 'v1')) items.push(miniBatchId);
  return [
    ...open,
    ...(ids.join() === items.sort().join() ? [] : [`the index holds ${items}, of which ${ids} count`]),
    ...(new Set(items).size === announced
      ? []
      : [`${announced} mini-batches were announced, the index holds ${items}`]),
    ...(await missingFiles(lab.lake, manifests)).map((path) => `${path} is not there as its manifest says`),
    ...lab.sqs.queue('ndr-dead-letters').messages.map(({ body }) => `among the dead letters: ${body}`),
  ];
}

function unequal(expected: Readonly<Record<string, string>>, actual: Readonly<Record<string, string>>): string[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].sort();
  return names
    .filter((name) => expected[name] !== actual[name])
    .map((name) => `${name}: expected ${expected[name] ?? 'nothing'}, got ${actual[name] ?? 'nothing'}`);
}
