/** Window state is a cache: lost or damaged in the middle of a backfill, it changes nothing. */

import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BackfillLab, lakeOf, openLab } from '../support/backfill-lab.ts';
import { filesBelow } from '../support/folder-content.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const miniBatches = officeMiniBatches({ seed: 11, hosts: 5, slices: 7, doubled: [1], thin: 3 });
/** Four mini-batches end before it. */
const HALF = new Date(miniBatches[4]!.sliceEnd).toISOString();

const CONFIGURATIONS = [
  { shards: 1, threads: 1 },
  { shards: 4, threads: 2 },
];

let lab: BackfillLab;
let reference: string;
beforeAll(async () => {
  lab = openLab(miniBatches);
  reference = lab.place('reference');
  await lab.backfill(reference);
  for (const { shards, threads } of CONFIGURATIONS) {
    const settings = { NDR_SHARDS: `${shards}`, NDR_THREADS: `${threads}` };
    await lab.backfill(lab.place(`half-${shards}`), { settings, flags: { to: HALF } });
  }
});
afterAll(() => lab.close());

const flipByte = (path: string, at: (size: number) => number): void => {
  const bytes = readFileSync(path);
  const place = at(bytes.length);
  bytes[place] = bytes[place]! ^ 0x10;
  writeFileSync(path, bytes);
};

/** What may happen to the blocks of a home. */
const DAMAGE: Readonly<Record<string, (path: string, n: number) => void>> = {
  'is gone': (path) => rmSync(path),
  'is gone for every other': (path, n) => n % 2 === 0 && rmSync(path),
  'has another byte in its middle': (path) => flipByte(path, (size) => size >> 1),
  'has another byte at its end': (path) => flipByte(path, (size) => size - 1),
  'was cut short': (path) => truncateSync(path, readFileSync(path).length - 7),
  'is empty': (path) => truncateSync(path, 0),
  'is of another format': (path) => writeFileSync(path, 'NDRB0000 and something else altogether'),
};

describe('a backfill whose window state, half-way,', () => {
  for (const [what, damage] of Object.entries(DAMAGE)) {
    // Whether a block opens is the same question for every shard; what several shards do at once about it is not.
    const configurations = what.startsWith('is gone') ? CONFIGURATIONS : CONFIGURATIONS.slice(0, 1);
    it.each(configurations)(
      `${what} gives the same bytes, with $shards shards and $threads threads`,
      async ({ shards, threads }) => {
        const home = lab.place(`${what} ${shards}`.replaceAll(' ', '-'));
        cpSync(lab.place(`half-${shards}`), home, { recursive: true });
        const windows = join(home, 'state', 'windows');
        const blocks = filesBelow(windows);
        // One a mini-batch is of the project as a whole.
        expect(blocks).toHaveLength(4 * (shards + 1));
        for (const [n, block] of blocks.entries()) damage(join(windows, block), n);
        await lab.backfill(home, { settings: { NDR_SHARDS: `${shards}`, NDR_THREADS: `${threads}` } });
        expect(lakeOf(home)).toEqual(lakeOf(reference));
      },
    );
  }

  it('is removed whole gives the same bytes, with other shards than before', async () => {
    const home = lab.place('removed');
    cpSync(lab.place('half-1'), home, { recursive: true });
    rmSync(join(home, 'state', 'windows'), { recursive: true });
    await lab.backfill(home, { settings: { NDR_SHARDS: '16' } });
    expect(lakeOf(home)).toEqual(lakeOf(reference));
    expect(readdirSync(join(home, 'state', 'windows'))).toContain('default');
  });
});
