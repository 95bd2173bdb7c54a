import { readdir, readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { InventorySpec } from '../config/baseline-spec.ts';
import { formatAddress, parseAddress } from '../operators/address.ts';
import { isText, type Table } from '../operators/table.ts';
import { parseCsv } from './csv-text.ts';
import { isMissing } from './durable-file.ts';
import type { Lake } from './lake.ts';
import { sha256Hex } from './manifest.ts';
import { decodeParquet } from './parquet.ts';
import { schemaOfFile } from './parquet-file-schema.ts';

export type MappingFault =
  | 'FG_B_MAPPING_POINTER_MISSING'
  | 'FG_B_MAPPING_POINTER_INVALID'
  | 'FG_B_MAPPING_SCHEMA_VERSION_MISMATCH';

/** The inventory that the spec asks for cannot be used. */
class MappingError extends Error {
  override readonly name = 'MappingError';
  readonly code: MappingFault;
  constructor(code: MappingFault, what: string) {
    super(`${code}: ${what}`);
    this.code = code;
  }
}

/** A snapshot of the inventory. */
export interface MachineNames {
  /** Address in canonical form → its names, each once, ascending. */
  readonly byHost: ReadonlyMap<string, readonly string[]>;
  /** YYYY-MM */
  readonly month: string;
  /** Rows whose address cannot be read. */
  readonly unreadable: number;
  /** sha256 hex of what the files say. */
  readonly digest: string;
}

interface SnapshotFile {
  /** Below the snapshot's place. */
  readonly name: string;
  readonly read: () => Promise<Uint8Array>;
}

const MANIFEST = '_snapshot_manifest.json';
const MONTH_COLUMN = 'snapshot_month';
const CONTRACT_COLUMN = 'mapping_contract_version';

/**
 * Reads the snapshot that the project's pointer names: Parquet or CSV files of one month.
 * @throws {MappingError} where the pointer is missing, malformed or leads nowhere, or the files keep to another contract.
 */
export async function readMachineNames(lake: Lake, inventory: InventorySpec, place: string): Promise<MachineNames> {
  const { pointer, pointerKey, contractVersion } = inventory;
  const where = `${place}: ${pointerKey}`;
  if (pointer === null || pointer === '')
    throw new MappingError(
      'FG_B_MAPPING_POINTER_MISSING',
      `${where} is missing, but the specs ask for machine names; let the inventory run, set it, or remove the inventory's spec`,
    );
  const month = /(?:^|\/)snapshot_month=(\d{4}-(?:0[1-9]|1[0-2]))(?:\/|$)/.exec(pointer)?.[1];
  if (month === undefined)
    throw new MappingError(
      'FG_B_MAPPING_POINTER_INVALID',
      `${where} is ${JSON.stringify(pointer)}; expected a prefix with snapshot_month=YYYY-MM, as the inventory writes it`,
    );
  const all = await filesAt(lake, pointer);
  const parts = all.filter(({ name }) => !/(^|\/)[_.]/.test(name) && /\.(parquet|csv)$/i.test(name));
  if (parts.length === 0)
    throw new MappingError(
      'FG_B_MAPPING_POINTER_INVALID',
      `${where} is ${pointer}, where no .parquet or .csv file lies; point it to the month's snapshot`,
    );
  const manifest = all.find(({ name }) => name === MANIFEST);
  if (manifest !== undefined)
    checkContract(await declaredContract(manifest), contractVersion, `${pointer}/${MANIFEST}`);
  const names = new Map<string, Set<string>>();
  let unreadable = 0;
  for (const part of parts) {
    const source = `${pointer.replace(/\/+$/, '')}/${part.name}`;
    const rows = rowsOf(await part.read(), source, inventory);
    for (const contract of new Set(rows.contracts)) checkContract(contract, contractVersion, source);
    const other = rows.months.find((own) => own !== month);
    if (other !== undefined)
      throw new MappingError(
        'FG_B_MAPPING_POINTER_INVALID',
        `${where} says snapshot_month=${month}, but ${source} has rows of ${other}; unload the month again`,
      );
    for (const [ip, name] of rows.pairs) {
      const address = parseAddress(ip.trim());
      if (address === undefined) unreadable++;
      else if (name !== '') {
        const host = formatAddress(address);
        const own = names.get(host) ?? new Set<string>();
        names.set(host, own.add(name));
      }
    }
  }
  const byHost = new Map([...names].map(([host, own]) => [host, [...own].sort()] as const));
  const content = [...byHost].sort(([a], [b]) => (a < b ? -1 : 1));
  return { byHost, month, unreadable, digest: sha256Hex(JSON.stringify([month, content])) };
}

function checkContract(found: string, expected: string, source: string): void {
  if (found === expected) return;
  throw new MappingError(
    'FG_B_MAPPING_SCHEMA_VERSION_MISMATCH',
    `${source} keeps to ${found === '' ? 'no contract' : found}, the specs expect ${expected}; unload it anew, or say so in ` +
      'ip_machine_mapping.contract_version',
  );
}

async function declaredContract(manifest: SnapshotFile): Promise<string> {
  const text = new TextDecoder().decode(await manifest.read());
  try {
    return String((JSON.parse(text) as Readonly<Record<string, unknown>>)['contract_version'] ?? '');
  } catch {
    return '';
  }
}

/** Files below a place: in the lake, or in a folder beside it (absolute path, file://). */
async function filesAt(lake: Lake, pointer: string): Promise<SnapshotFile[]> {
  const folder = pointer.startsWith('file://') ? fileURLToPath(pointer) : isAbsolute(pointer) ? pointer : undefined;
  const files: SnapshotFile[] = [];
  if (folder === undefined) {
    const prefix = `${pointer.replace(/^s3:\/\//, 's3:').replace(/\/+$/, '')}/`;
    for await (const { path } of lake.list(prefix))
      files.push({ name: path.slice(prefix.length), read: () => lake.read(path) });
    return files;
  }
  try {
    const names = await readdir(folder, { recursive: true });
    return names.sort().map((name) => ({ name, read: () => readFile(join(folder, name)) }));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

interface MappingRows {
  readonly pairs: readonly (readonly [ip: string, name: string])[];
  readonly contracts: readonly string[];
  readonly months: readonly string[];
}

function rowsOf(bytes: Uint8Array, source: string, { ipColumn, nameColumn }: InventorySpec): MappingRows {
  const columns = /\.csv$/i.test(source) ? csvColumns(bytes, source) : parquetColumns(bytes, source);
  const missing = [ipColumn, nameColumn, CONTRACT_COLUMN].filter((name) => !columns.has(name));
  if (missing.length > 0)
    throw new MappingError(
      'FG_B_MAPPING_SCHEMA_VERSION_MISMATCH',
      `${source} has no column ${missing.join(', ')} (it has ${[...columns.keys()].join(', ')}); unload it anew, or name ` +
        'its columns in ip_machine_mapping',
    );
  const ips = columns.get(ipColumn)!;
  const names = columns.get(nameColumn)!;
  return {
    pairs: ips.map((ip, row) => [ip, names[row]!] as const),
    contracts: columns.get(CONTRACT_COLUMN)!,
    // As a partition key it may stand in the path alone.
    months: columns.get(MONTH_COLUMN) ?? [],
  };
}

function parquetColumns(bytes: Uint8Array, source: string): Map<string, string[]> {
  const schema = schemaOfFile(bytes, source, 'foreign');
  const table: Table = decodeParquet(bytes, schema, { source, columns: Object.keys(schema) });
  return new Map(
    Object.entries(table.columns).flatMap(([name, vector]) =>
      isText(vector)
        ? [[name, Array.from(vector.codes, (code) => (code < 0 ? '' : vector.values[code]!))] as const]
        : [],
    ),
  );
}

function csvColumns(bytes: Uint8Array, source: string): Map<string, string[]> {
  const [header = [], ...rows] = parseCsv(new TextDecoder().decode(bytes));
  rows.forEach((row, i) => {
    if (row.length === header.length) return;
    throw new MappingError(
      'FG_B_MAPPING_SCHEMA_VERSION_MISMATCH',
      `${source}: row ${i + 2} has ${row.length} fields, the header ${header.length}; correct the file`,
    );
  });
  return new Map(header.map((name, column) => [name.trim(), rows.map((row) => row[column]!)]));
}
