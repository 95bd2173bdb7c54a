import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { cutBlock, headerOf, joinBlock, MOST_VALUE_BYTES } from '../../../src/state/window-state/redis-chunks.ts';

const rejoined = (values: readonly Buffer[]): Uint8Array | undefined => {
  const header = headerOf(values[0]!);
  return header && joinBlock(header, values[0]!, values.slice(1));
};
const SIZES = [0, 1, 1_999_979, 1_999_980, 1_999_981, 3_999_979, 3_999_980, 3_999_981, 9_000_000];

describe('the values of a block', () => {
  it.each(SIZES)('of %i bytes hold it, and no more than they may', (size) => {
    const block = randomBytes(size);
    const values = cutBlock(block);
    expect(Buffer.compare(rejoined(values)!, block)).toBe(0);
    for (const value of values) expect(value.length).toBeLessThanOrEqual(MOST_VALUE_BYTES);
    expect(values.length).toBe(Math.max(1, Math.ceil((size + 20) / 2_000_000)));
  });

  it('are of the part of memory that the block is', () => {
    const whole = randomBytes(5_000_000);
    const block = new Uint8Array(whole.buffer, whole.byteOffset + 1000, 3_000_000);
    expect(Buffer.compare(rejoined(cutBlock(block))!, block)).toBe(0);
  });

  it('begin with a format: these bytes lie in Redis while programs change', () => {
    const [first] = cutBlock(Buffer.from('window state'));
    expect(first!.toString('latin1', 0, 8)).toBe('NDRV0001');
    expect(first!.subarray(8).toString('hex')).toBe(
      `${'01000000'}${'0c000000'}${'a09e268c'}${Buffer.from('window state').toString('hex')}`,
    );
  });

  it('are no block with any bit of the header another', () => {
    const values = cutBlock(randomBytes(2_500_000));
    for (let bit = 0; bit < 20 * 8; bit++) {
      const first = Buffer.from(values[0]!);
      first[bit >> 3]! ^= 1 << (bit & 7);
      expect(rejoined([first, ...values.slice(1)])).toBeUndefined();
    }
  });

  it('are no block in another order', () => {
    const values = cutBlock(randomBytes(6_500_000));
    expect(values).toHaveLength(4);
    expect(rejoined([values[0]!, values[2]!, values[1]!, values[3]!])).toBeUndefined();
  });
});
