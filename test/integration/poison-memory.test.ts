/** Input that is too big to hold costs its line or its file, and no more memory than any. POISON_FULL=1: in full size. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIG_CASES, runBigCase } from '../support/big-poison.ts';

const SIZE = process.env['POISON_FULL'] === '1' ? 'full' : 'quick';

describe(`a mini-batch with (${SIZE} size)`, () => {
  let root = '';
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'ndr-big-'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it.each(BIG_CASES)(
    '$name',
    async (big) => {
      const { faults, peak } = await runBigCase(join(root, 'case'), big, SIZE);
      expect(faults).toEqual([]);
      expect(peak).toBeGreaterThan(0);
    },
    10 * 60_000,
  );
});
