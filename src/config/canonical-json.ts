/**
 * JSON with the keys of every object sorted by UTF-16 code unit, without blanks, -0 as 0; undefined members are left
 * out. Equal values give equal text. Throws on what JSON cannot hold, naming where.
 */
export function canonicalJson(value: unknown, place = '$'): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((entry, i) => canonicalJson(entry, `${place}[${i}]`)).join(',')}]`;
  if (typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value))) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member, `${place}.${name}`)}`);
    return `{${members.join(',')}}`;
  }
  throw new Error(
    `canonical JSON: ${place} is ${String(value)}; expected null, text, true, false, a finite number, a list or a plain object`,
  );
}
