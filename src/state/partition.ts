import { formatInstant } from '../operators/time.ts';

/** The ASCII signs that Hive escapes in the names and values of partitions, beside control characters. */
const ESCAPED = new Set(['"', '#', '%', "'", '*', '/', ':', '=', '?', '\\', '\x7f', '{', '[', ']', '^']);

/** A value as Hive writes it into a path: special signs as %XX, all else, non-ASCII letters too, as it is. */
export function escapeValue(value: string): string {
  if (value === '') return '__HIVE_DEFAULT_PARTITION__';
  let escaped = '';
  for (const sign of value) {
    const code = sign.charCodeAt(0);
    escaped += code < 0x20 || ESCAPED.has(sign) ? `%${code.toString(16).toUpperCase().padStart(2, '0')}` : sign;
  }
  return escaped;
}

/** The value of an escaped one. */
export function unescapeValue(escaped: string): string {
  if (escaped === '__HIVE_DEFAULT_PARTITION__') return '';
  return escaped.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** `name=value` as one part of a path. */
export const pathPart = (name: string, value: string): string => `${name}=${escapeValue(value)}`;

/** A name that stands alone as one part of a path. */
export function plainPart(value: string): string {
  return value === '.' || value === '..' ? value.replaceAll('.', '%2E') : escapeValue(value);
}

/** `dt=YYYY-MM-DD`, `hh=HH`, `mm=MM` of an instant, UTC. */
export function instantKeys(instant: number): readonly [string, string, string] {
  const text = formatInstant(instant);
  return [`dt=${text.slice(0, 10)}`, `hh=${text.slice(11, 13)}`, `mm=${text.slice(14, 16)}`];
}

/** The values of a path's `name=value` parts. */
export function partitionValues(path: string): ReadonlyMap<string, string> {
  const pairs = path.split('/').flatMap((part): [string, string][] => {
    const equals = part.indexOf('=');
    return equals <= 0 ? [] : [[part.slice(0, equals), unescapeValue(part.slice(equals + 1))]];
  });
  return new Map(pairs);
}
