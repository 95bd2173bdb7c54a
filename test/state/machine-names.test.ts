import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseCsv } from '../../src/state/csv-text.ts';
import { openDirectoryLake } from '../../src/state/lake/directory.ts';
import type { Lake } from '../../src/state/lake.ts';
import { readMachineNames } from '../../src/state/machine-names.ts';
import { encodeParquet } from '../../src/state/parquet.ts';

const CONTRACT = 'machine_inventory_mapping.v1';
const SPEC = {
  pointerKey: 'ip_machine_mapping_s3_prefix',
  pointer: 's3://abc/inventory/snapshot_month=2026-03/',
  ipColumn: 'ip_address',
  nameColumn: 'machine_name',
  contractVersion: CONTRACT,
};

let folder: string;
let lake: Lake;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ndr-names-'));
  lake = await openDirectoryLake(join(folder, 'lake'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const HEADER = 'ip_address,machine_name,snapshot_month,mapping_contract_version';
const csv = (...rows: readonly string[]): Uint8Array => new TextEncoder().encode(`${[HEADER, ...rows].join('\n')}\n`);
const at = 's3:abc/inventory/snapshot_month=2026-03';
const read = (spec: Partial<typeof SPEC> | { pointer: null } = {}) =>
  readMachineNames(lake, { ...SPEC, ...spec }, 'project_parameters#v1');

describe('the names of machines', () => {
  it('are read from Parquet and CSV, each once, addresses in one form', async () => {
    const words = (...values: string[]) => ({ codes: Int32Array.from(values, (_, i) => i), values });
    const text = { type: 'string', doc: '' } as const;
    const parquet = encodeParquet({
      schema: { ip_address: text, machine_name: text, mapping_contract_version: text },
      length: 2,
      columns: {
        ip_address: words('10.1.1.12', 'FD00:0::1'),
        machine_name: words('pc-0012', 'six'),
        mapping_contract_version: { codes: Int32Array.of(0, 0), values: [CONTRACT] },
      },
    });
    await lake.create(`${at}/part-0.parquet`, parquet);
    await lake.create(
      `${at}/part-1.csv`,
      csv(
        `10.1.1.12,VDI-0042,2026-03,${CONTRACT}`,
        `10.1.1.12,pc-0012,2026-03,${CONTRACT}`,
        `nonsense,x,2026-03,${CONTRACT}`,
      ),
    );
    await lake.create(`${at}/_SUCCESS`, new Uint8Array(0));
    await lake.create(`${at}/_tmp_run_id=1/part-9.csv`, csv('10.1.1.13,unfinished,2026-03,v9'));
    const names = await read();
    expect([...names.byHost]).toEqual([
      ['10.1.1.12', ['VDI-0042', 'pc-0012']],
      ['fd00::1', ['six']],
    ]);
    expect(names).toMatchObject({ month: '2026-03', unreadable: 1 });
  });

  it('are read beside columns of any type, as another program writes them', async () => {
    const path = join(folder, 'names.parquet');
    const connection = await (await DuckDBInstance.create()).connect();
    await connection.run(
      `COPY (SELECT '10.0.0.1' AS ip_address, 'pc-1' AS machine_name, '${CONTRACT}' AS mapping_contract_version, true AS is_active,
        DATE '2026-03-01' AS bought, 3::SMALLINT AS floor, 1.50::DECIMAL(9, 2) AS price, TIMESTAMP '2026-03-01 10:00:00' AS seen)
      TO '${path}' (FORMAT parquet)`,
    );
    connection.closeSync();
    await lake.create(`${at}/part-0.parquet`, readFileSync(path));
    expect([...(await read()).byHost]).toEqual([['10.0.0.1', ['pc-1']]]);
  });

  it('may lie in a folder beside the lake', async () => {
    const path = join(folder, 'snapshot_month=2026-03', 'names.csv');
    mkdirSync(dirname(path));
    writeFileSync(path, csv(`10.0.0.1,"a, ""b""",2026-03,${CONTRACT}`));
    for (const pointer of [dirname(path), `file://${dirname(path)}/`])
      expect([...(await read({ pointer })).byHost]).toEqual([['10.0.0.1', ['a, "b"']]]);
  });

  it('fail by the names that operators know', async () => {
    await expect(read({ pointer: null })).rejects.toThrow(
      /^FG_B_MAPPING_POINTER_MISSING: project_parameters#v1: ip_mach/,
    );
    await expect(read({ pointer: 's3://abc/inventory' })).rejects.toThrow(
      /^FG_B_MAPPING_POINTER_INVALID: .*snapshot_month=/,
    );
    await expect(read({ pointer: 's3://abc/snapshot_month=2026-13' })).rejects.toThrow(/^FG_B_MAPPING_POINTER_INVALID/);
    await expect(read()).rejects.toThrow(/^FG_B_MAPPING_POINTER_INVALID: .*no \.parquet or \.csv file/);
    await lake.create(`${at}/a.csv`, csv('10.0.0.1,a,2026-03,machine_inventory_mapping.v2'));
    await expect(read()).rejects.toThrow(/^FG_B_MAPPING_SCHEMA_VERSION_MISMATCH: .*\.v2, the specs expect .*\.v1/);
    await expect(read({ nameColumn: 'name' })).rejects.toThrow(
      /^FG_B_MAPPING_SCHEMA_VERSION_MISMATCH: .*no column name/,
    );
    await lake.create(`${at}/_snapshot_manifest.json`, new TextEncoder().encode('{"contract_version":"other"}'));
    await expect(read()).rejects.toThrow(
      /^FG_B_MAPPING_SCHEMA_VERSION_MISMATCH: .*_snapshot_manifest.json keeps to other/,
    );
    const april = 's3:abc/inventory/snapshot_month=2026-04';
    await lake.create(`${april}/a.csv`, csv(`10.0.0.1,a,2026-03,${CONTRACT}`));
    await expect(read({ pointer: april.replace('s3:', 's3://') })).rejects.toThrow(
      /^FG_B_MAPPING_POINTER_INVALID: .*rows of 2026-03/,
    );
  });
});

describe('csv', () => {
  it('keeps quoted commas, quotes and line ends, and passes over a mark and empty lines', () => {
    expect(parseCsv('\ufeffa,b\r\n"1,""x""\n2",\r\n\n3,4')).toEqual([
      ['a', 'b'],
      ['1,"x"\n2', ''],
      ['3', '4'],
    ]);
    expect(parseCsv('')).toEqual([]);
    expect(() => parseCsv('a,"b')).toThrow(/not closed/);
  });
});
