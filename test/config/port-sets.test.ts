import { describe, expect, it } from 'vitest';
import { faultsOf, resolve } from './spec-cases.ts';

const sets = (port_sets: unknown) => resolve({ delta_builder: { enrichment: { port_sets } } }).portSets;

const HIGH_RISK = [
  ...[21, 23, 69, 135, 137, 138, 139, 445, 512, 513, 514, 1080, 1433, 2323, 3389, 4444, 5555, 5900, 5901, 5902, 5903],
  ...[6660, 6661, 6662, 6663, 6664, 6665, 6666, 6667, 6668, 6669, 9001],
];

describe('port sets', () => {
  it('are these five by default', () => {
    expect(Object.entries(resolve({}).portSets)).toEqual([
      ['high_risk', HIGH_RISK],
      ['admin', [22, 23, 135, 3389, 5900, 5901, 5902, 5903, 5985, 5986]],
      ['fileshare', [20, 21, 111, 137, 138, 139, 445, 548, 873, 2049]],
      ['directory', [88, 389, 464, 636, 3268, 3269]],
      ['db', [1433, 1434, 1521, 3306, 5432, 5984, 6379, 9042, 9200, 27017]],
    ]);
  });

  it('are replaced whole, by names in any spelling, and further ones follow by name', () => {
    const given = { HIGH_RISK_PORTS: ['7', 5, '9-11', 10], Admin: [], voip: 5060, MAIL_PORT: [587, 25] };
    expect(Object.entries(sets(given)).map(([name, ports]) => `${name} ${ports}`)).toEqual([
      'high_risk 5,7,9,10,11',
      'admin ',
      'fileshare 20,21,111,137,138,139,445,548,873,2049',
      'directory 88,389,464,636,3268,3269',
      'db 1433,1434,1521,3306,5432,5984,6379,9042,9200,27017',
      'mail 25,587',
      'voip 5060',
    ]);
  });

  it('come from the named document, below the payload’s own', () => {
    const enrichment = { port_sets_location: 's3://config/ports.json', port_sets: { DB: [1] } };
    const documents = { 's3://config/ports.json': { DB: [2], ADMIN: [3] } };
    const spec = resolve({ delta_builder: { enrichment } }, documents);
    expect(spec.portSets['db']).toEqual([1]);
    expect(spec.portSets['admin']).toEqual([3]);
    expect(spec.digests['port_sets']).toMatch(/^[0-9a-f]{64}$/);
    const other = resolve({ delta_builder: { enrichment } }, { 's3://config/ports.json': { DB: [2], ADMIN: [4] } });
    expect(other.digests['port_sets']).not.toBe(spec.digests['port_sets']);
    expect(other.digests['delta_builder']).toBe(spec.digests['delta_builder']);
  });

  it.each([
    [{ DB: ['5-3'] }, 'DB[0]: is "5-3"; expected a port 0..65535, or a range such as "137-139"'],
    [{ DB: [65536] }, 'DB[0]: is 65536; expected a port 0..65535, or a range such as "137-139"'],
    [{ DB: ['ssh'] }, 'DB[0]: is "ssh"; expected a port 0..65535, or a range such as "137-139"'],
    [{ DB: [1.5] }, 'DB[0]: is 1.5; expected a port 0..65535, or a range such as "137-139"'],
    [{ DB: [1], db_ports: [2] }, 'db_ports: names the set db for the second time'],
    [{ '5g': [1] }, '5g: "5g" cannot name a set: 1 to 40 of a-z, 0-9, _'],
  ])('%j is a fault', (port_sets, fault) => {
    expect(faultsOf(() => sets(port_sets))).toEqual([`delta_builder#v1: enrichment.port_sets.${fault}`]);
  });

  it('are at most twenty', () => {
    const many = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`set_${i}`, [i]]));
    expect(faultsOf(() => sets(many))).toEqual([
      'delta_builder#v1: enrichment.port_sets: has more than 15 sets of its own',
    ]);
  });

  it('say which document is missing or wrong', () => {
    const payload = { delta_builder: { enrichment: { port_sets_location: 'ports.json' } } };
    expect(faultsOf(() => resolve(payload))).toEqual([
      'delta_builder#v1: enrichment.port_sets_location ports.json: could not be read; put a JSON object of port lists there',
    ]);
    expect(faultsOf(() => resolve(payload, { 'ports.json': { DB: ['x'] } }))).toEqual([
      'delta_builder#v1: enrichment.port_sets_location ports.json: DB[0]: is "x"; expected a port 0..65535, or a range such as "137-139"',
    ]);
  });
});
