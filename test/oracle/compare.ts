/** Rows that should be equal, compared cell by cell. */

type AnyRow = Readonly<Record<string, unknown>>;

const LISTED = 20;

/**
 * Compare rows by key. Only the columns of the expected rows are looked at.
 *
 * @param tolerance relative to the larger number, or to `least` where both are smaller
 * @returns faults, none where all agree; at most 20 are listed, and a last line says how many more there are
 */
export function compareRows(
  expected: readonly AnyRow[],
  actual: readonly AnyRow[],
  keyColumns: readonly string[],
  tolerance = 1e-9,
  least = 0,
): string[] {
  const faults: string[] = [];
  const wanted = indexRows(expected, keyColumns, 'expected', faults);
  const found = indexRows(actual, keyColumns, 'actual', faults);
  for (const [key, row] of wanted) {
    const other = found.get(key);
    if (!other) {
      faults.push(`${key}: row missing`);
      continue;
    }
    for (const [column, value] of Object.entries(row)) {
      if (!Object.hasOwn(other, column)) faults.push(`${key}: column ${column} missing, expected ${show(value)}`);
      else if (!isEqual(value, other[column], tolerance, least))
        faults.push(`${key}: ${column} expected ${show(value)}, got ${show(other[column])}`);
    }
  }
  for (const key of found.keys()) if (!wanted.has(key)) faults.push(`${key}: row not expected`);
  const rest = faults.length - LISTED;
  return rest > 0 ? [...faults.slice(0, LISTED), `and ${rest} more`] : faults;
}

function indexRows(
  rows: readonly AnyRow[],
  keyColumns: readonly string[],
  side: string,
  faults: string[],
): Map<string, AnyRow> {
  const index = new Map<string, AnyRow>();
  for (const row of rows) {
    const key = keyColumns.map((column) => `${column}=${show(normalise(row[column]))}`).join(' ');
    if (index.has(key)) faults.push(`${key}: twice among the ${side} rows`);
    index.set(key, row);
  }
  return index;
}

function isEqual(expected: unknown, actual: unknown, tolerance: number, least: number): boolean {
  const [left, right] = [normalise(expected), normalise(actual)];
  if (typeof left === 'number' && typeof right === 'number') {
    if (left === right || (Number.isNaN(left) && Number.isNaN(right))) return true;
    if (Number.isInteger(left) && Number.isInteger(right)) return false;
    return Math.abs(left - right) <= tolerance * Math.max(least, Math.abs(left), Math.abs(right));
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => isEqual(item, right[index], tolerance, least));
  }
  return left === right;
}

/** One spelling for what readers spell in several: integers of any width, instants, typed lists, absent values. */
function normalise(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'boolean') return Number(value);
  if (value instanceof Date) return value.getTime();
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return Array.from(value as unknown as ArrayLike<unknown>);
  return value;
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? Number(item) : item)) ?? 'null';
}
