import { z } from 'zod';
import type { OutputDataset } from './batch-spec.ts';
import { agreeing, agreeingWord, unreadable, unused, value } from './value-types.ts';

/** Where objects lie: `s3://bucket/prefix`, `file:///folder` or a folder; without the slash at its end. */
export const prefix: z.ZodType<string> = value('a prefix such as s3://bucket/features, or a folder', (raw) => {
  if (typeof raw !== 'string' || raw.trim() === '') return undefined;
  const given = raw.trim();
  if (/<[^>]*>|REPLACE_ME/.test(given)) {
    return unreadable(`is "${given}", which still holds a placeholder; write the real place, or leave the key out`);
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(given);
  if (scheme !== null && !/^(s3|s3a|s3n|file)$/i.test(scheme[1]!)) return undefined;
  if (scheme !== null && scheme[1]!.toLowerCase() !== 'file' && !/^[a-z0-9][a-z0-9.-]{1,62}(\/|$)/.test(scheme[2]!))
    return unreadable(`is "${given}", whose bucket is not a bucket's name`);
  return given.replace(/^s3[an]:\/\//i, 's3://').replace(/(?<=[^/])\/+$/, '');
});

/** Some of the layout's keys, in its order. */
const agreesWith =
  (layout: readonly string[]) =>
  (raw: unknown): boolean => {
    if (!Array.isArray(raw)) return false;
    const places = raw.map((key) => layout.indexOf(String(key)));
    return places.every((place, i) => place >= 0 && (i === 0 || place > places[i - 1]!));
  };

/** What a job writes, laid out by these keys. Only the prefix is free: format and layout of the lake are fixed. */
export const outputBy = (...layout: readonly string[]) =>
  z
    .strictObject({
      s3_prefix: prefix.optional().meta({
        doc: 'Where the dataset goes; its name is appended unless the prefix ends with it.',
        usual: '`<lake>/<project>/<dataset>`',
      }),
      format: agreeingWord('datasets are Parquet; leave it out', 'parquet'),
      compression: agreeingWord('files are compressed with zstd; leave it out', 'zstd'),
      partition_keys: agreeing(`datasets are laid out by ${layout.join('/')}; leave it out`, agreesWith(layout)),
      write_mode: agreeingWord('a mini-batch replaces what it wrote before; leave it out', 'overwrite'),
      dataset: unused,
    })
    .prefault({})
    .meta({ doc: 'What is written.' });

export const output = outputBy('feature_spec_version', 'dt', 'hh', 'mm', 'batch');

/** Tables of FG-B: specs of the older system name one of them where they mean the whole. */
const BASELINE_TABLE = /(?<=(^|\/)fg_b)\/(host|segment|ip_metadata|pair|pair\/host|pair\/segment)$/;

/** The root of a dataset under the prefix of its spec: its name is appended unless the prefix ends with it. */
export function datasetRoot(place: string | undefined, dataset: OutputDataset): string | null {
  if (place === undefined) return null;
  const root = dataset === 'fg_b' ? place.replace(BASELINE_TABLE, '') : place;
  return root === dataset || root.endsWith(`/${dataset}`) ? root : `${root}/${dataset}`;
}
