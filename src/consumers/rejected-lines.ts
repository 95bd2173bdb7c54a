import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { OnRejected } from '../operators/flow-reader.ts';
import type { RejectedLine } from '../state/quarantine.ts';

/** Rejected lines of one file, as compressed JSON Lines, so that a file of noise does not fill memory. */
export type RejectedLines = readonly Uint8Array[];

export interface RejectedWriter {
  readonly add: OnRejected;
  finish(): RejectedLines;
}

/** Text kept of one line: more than any record has that somebody could learn from. */
const TEXT_BYTES = 16 << 10;
const PACK_CHARS = 1 << 20;
/** JSON Lines kept of one mini-batch, and of one file of it, before compression: what memory holds until they are written. */
const KEPT_OF_MINI_BATCH = 256 << 20;
const KEPT_OF_FILE = 16 << 20;

/** Bytes of rejected lines that a file may keep where its mini-batch has so many files. */
export const keptOfEach = (files: number): number =>
  Math.min(KEPT_OF_FILE, Math.floor(KEPT_OF_MINI_BATCH / Math.max(1, files)));

/** Gathers the rejected lines of a file, the first `most` bytes of them; of the others it says how many they are. */
export function createRejectedLines(file: string, most: number): RejectedWriter {
  const utf8 = new TextDecoder();
  const packed: Uint8Array[] = [];
  let gathered: string[] = [];
  let size = 0;
  let kept = 0;
  let firstLeftOut = 0;
  let leftOut = 0;
  const pack = (): void => {
    if (size > 0) packed.push(zstdCompressSync(gathered.join('')));
    gathered = [];
    size = 0;
  };
  const gather = (record: RejectedLine): void => {
    const json = `${JSON.stringify(record)}\n`;
    gathered.push(json);
    size += json.length;
    kept += json.length;
    if (size > PACK_CHARS) pack();
  };
  return {
    add(line, reason, text, detail, bytes) {
      if (kept >= most) {
        firstLeftOut ||= line;
        leftOut++;
        return;
      }
      const shown = text.subarray(0, TEXT_BYTES);
      gather({ file, line, reason, detail, bytes, is_cut: shown.length < bytes, text: utf8.decode(shown) });
    },
    finish() {
      if (leftOut > 0) {
        const detail =
          `${leftOut} more rejected lines from here on are counted, but not kept: quarantine keeps ${most} bytes of a file; ` +
          'the raw file has them';
        gather({ file, line: firstLeftOut, reason: 'not_kept', detail, bytes: 0, is_cut: true, text: '' });
      }
      pack();
      return packed;
    },
  };
}

/** The rejected lines of all files, in order. */
export function* unpackRejected(files: readonly RejectedLines[]): Generator<RejectedLine> {
  for (const packed of files.flat()) {
    for (const json of zstdDecompressSync(packed).toString('utf8').split('\n')) {
      if (json !== '') yield JSON.parse(json) as RejectedLine;
    }
  }
}
