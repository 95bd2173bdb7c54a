/** Mini-batches as a forwarder would leave them: `<root>/YYYY/MM/DD/<id>/<file>`. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface MiniBatch {
  readonly id: string;
  /** ms UTC; dates the folder. */
  readonly sliceEnd: number;
  readonly lines: readonly string[];
}

/** YYYYMMDDTHHMM of an instant, UTC: the id that `ID_PATTERN` reads back. */
export const idOf = (sliceEnd: number): string => new Date(sliceEnd).toISOString().slice(0, 16).replaceAll(/[-:]/g, '');
export const ID_PATTERN = '{yyyy}{mm}{dd}T{HH}{MM}';

export function folderOf(root: string, { id, sliceEnd }: Pick<MiniBatch, 'id' | 'sliceEnd'>): string {
  return join(root, new Date(sliceEnd).toISOString().slice(0, 10).replaceAll('-', '/'), id);
}

/** Writes a mini-batch, its lines in one file unless `files` deals them otherwise. Returns its folder. */
export function writeMiniBatch(
  root: string,
  miniBatch: MiniBatch,
  files: Readonly<Record<string, readonly string[]>> = { 'part-0.json.gz': miniBatch.lines },
): string {
  const folder = folderOf(root, miniBatch);
  mkdirSync(folder, { recursive: true });
  for (const [name, lines] of Object.entries(files)) {
    const text = lines.map((line) => `${line}\n`).join('');
    writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(text) : text);
  }
  return folder;
}
