/** Raw files made from recipes: what no text editor writes, and what is too big to keep. */

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** A stretch of a file's bytes. In text and text values `{n}` is the number of the repetition, `{hi}` and `{lo}` its bytes. */
export type Part = { readonly times?: number } & (
  | { readonly text: string }
  | { readonly hex: string }
  /** A record as a line: FLOW with other values; those of `without` left out. */
  | { readonly flow: Readonly<Record<string, unknown>>; readonly without?: readonly string[] }
  /** A record as a line, as it stands. */
  | { readonly record: Readonly<Record<string, unknown>> }
  /** A member of gzip; `cut` takes bytes from its end, `flip` inverts the byte so far from its end. */
  | { readonly gzip: readonly Part[]; readonly cut?: number; readonly flip?: number }
);

export type Recipe = readonly Part[] | { readonly is: 'a folder' | 'a link to nothing' | 'a link in a circle' };

export const SLICE_END = Date.UTC(2026, 2, 2, 8, 8, 0);

/** An ordinary record of the slice (07:53, 08:08]. */
export const FLOW = {
  event_name: 'TRAFFIC',
  event_subtype: 'end',
  source_ip: '10.1.0.5',
  destination_ip: '10.1.0.9',
  source_port: 50_000,
  destination_port: 443,
  source_bytes: 100,
  destination_bytes: 200,
  event_start: '2026-03-02T08:01:00Z',
  event_end: '2026-03-02T08:01:30Z',
  event_action: 'allow',
  event_reason: 'tcp-fin',
  network_transport: 'tcp',
  repeat_count: 1,
};

export function bytesOf(parts: readonly Part[]): Buffer {
  return Buffer.concat(parts.map(partBytes));
}

function partBytes(part: Part): Buffer {
  const { times = 1 } = part;
  if ('hex' in part) return Buffer.concat(new Array<Buffer>(times).fill(Buffer.from(part.hex, 'hex')));
  if ('gzip' in part) return Buffer.concat(new Array<Buffer>(times).fill(memberOf(part)));
  const text = textOf(part);
  if (!/\{(?:n|hi|lo)\}/.test(text)) return Buffer.from(text.repeat(times));
  const each = Array.from({ length: times }, (_, n) =>
    text
      .replaceAll('{n}', String(n))
      .replaceAll('{hi}', String(n >> 8))
      .replaceAll('{lo}', String(n & 255)),
  );
  return Buffer.from(each.join(''));
}

function textOf(part: Exclude<Part, { readonly hex: string } | { readonly gzip: unknown }>): string {
  if ('text' in part) return part.text;
  if ('record' in part) return `${JSON.stringify(part.record)}\n`;
  const { flow, without = [] } = part;
  const record = Object.fromEntries(Object.entries({ ...FLOW, ...flow }).filter(([name]) => !without.includes(name)));
  return `${JSON.stringify(record)}\n`;
}

function memberOf({ gzip, cut = 0, flip = 0 }: Extract<Part, { readonly gzip: unknown }>): Buffer {
  const member = gzipSync(bytesOf(gzip));
  if (flip > 0) member[member.length - flip]! ^= 0xff;
  return member.subarray(0, member.length - cut);
}

/** Writes files as their recipes say. */
export function writeFiles(folder: string, files: Readonly<Record<string, Recipe>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, recipe] of Object.entries(files)) {
    const path = join(folder, name);
    if (!('is' in recipe)) writeFileSync(path, bytesOf(recipe));
    else if (recipe.is === 'a folder') mkdirSync(path);
    else symlinkSync(recipe.is === 'a link to nothing' ? join(folder, 'nowhere') : path, path);
  }
}
