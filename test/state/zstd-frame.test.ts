import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compressZstd, decompressZstd } from '../../src/state/zstd-frame.ts';

describe('zstd frames', () => {
  it('are what any zstd reader takes, at every size that has another header', () => {
    for (const length of [0, 1, 255, 256, 257, 65_791, 65_792, 131_072, 131_073, 400_000]) {
      for (const bytes of [new Uint8Array(length).fill(7), Uint8Array.from({ length }, (_, i) => (i * i) & 0xff)]) {
        const frame = compressZstd(bytes);
        expect(new Uint8Array(zstdDecompressSync(frame))).toEqual(bytes);
        expect(new Uint8Array(decompressZstd(frame, length))).toEqual(bytes);
      }
    }
  });

  it('are small where all bytes are equal', () => {
    expect(compressZstd(new Uint8Array(160_000)).length).toBeLessThan(20);
  });

  it('tell one other byte, wherever it and the bytes stand', () => {
    for (let offset = 0; offset < 9; offset++) {
      for (let length = 1; length < 20; length++) {
        for (let other = 0; other < length; other++) {
          const bytes = new Uint8Array(40)
            .fill(9)
            .subarray(offset, offset + length)
            .fill(0);
          bytes[other] = 1;
          expect(new Uint8Array(decompressZstd(compressZstd(bytes), length))).toEqual(bytes);
        }
      }
    }
  });

  it('of other writers are read too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        expect(new Uint8Array(decompressZstd(zstdCompressSync(bytes), bytes.length))).toEqual(bytes);
      }),
    );
  });

  it('that are cut or longer than said are refused', () => {
    const frame = compressZstd(Uint8Array.of(1, 2, 3));
    expect(() => decompressZstd(frame.subarray(0, -1), 3)).toThrow();
    expect(() => decompressZstd(frame, 2)).toThrow();
  });
});
