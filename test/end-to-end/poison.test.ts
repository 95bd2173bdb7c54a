/** The poison set through the command: each case costs what it says, and nothing else. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runBatch } from '../../src/commands/run-batch.ts';
import { judge } from '../oracle/oracle.ts';
import { type CommandEnd, runCommand, writeSpecs } from '../support/command-run.ts';
import { DATASETS, type DatasetName, openReader, readManifests, readRows } from '../support/committed-lake.ts';
import { folderOf } from '../support/mini-batch-folders.ts';
import { judgedLines, type PoisonCase, readPoisonCases, readQuarantine } from '../support/poison-case.ts';
import { SLICE_END, writeFiles } from '../support/poison-files.ts';
import { qualityFaults } from '../support/quality-agreement.ts';
import { agreementOf, judgedRows, KEYS } from '../support/row-agreement.ts';

const ID = 'dirty';
const cases = readPoisonCases();

let root = '';
let reader: DuckDBConnection;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'ndr-poison-'));
  reader = await openReader();
});
afterAll(() => {
  reader.closeSync();
  rmSync(root, { recursive: true, force: true });
});

const run = (home: string, input: string, { settings = {} }: PoisonCase): Promise<CommandEnd> =>
  runCommand(runBatch, { home, flags: { input, at: new Date(SLICE_END).toISOString() }, settings });

const present = (counts: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));

describe.each(cases)('$name', (poison) => {
  const { name, files, specs = {}, parameters = {}, expected } = poison;
  const home = (): string => join(root, name, 'home');
  let end: CommandEnd;

  beforeAll(async () => {
    const input = folderOf(join(root, name), { id: ID, sliceEnd: SLICE_END });
    writeFiles(input, files);
    writeSpecs(home(), specs);
    end = await run(home(), input, poison);
  });
  const outcome = () => end.results[0] as Readonly<Record<string, unknown>> & { dq: Record<string, number> };

  it(`is ${expected.poison === undefined ? 'committed' : 'quarantined whole'}`, () => {
    const why = String(outcome()['why'] ?? '');
    expect({ outcome: outcome()['outcome'], code: end.code, why }).toEqual(
      expected.poison === undefined ? { outcome: 'committed', code: 0, why: '' } : { outcome: 'poison', code: 1, why },
    );
    for (const part of expected.poison ?? []) expect(why).toMatch(new RegExp(part));
    const { failed } = readQuarantine(home(), ID);
    expect(failed.map(({ error }) => error.message)).toEqual(expected.poison === undefined ? [] : [why]);
    expect(readManifests(home())).toHaveLength(expected.poison === undefined ? 1 : 0);
  });

  it('is counted in outcome and manifest', () => {
    expect(present(outcome().dq)).toEqual(expected.dq);
    for (const { dq } of readManifests(home())) expect(dq).toEqual(outcome().dq);
    for (const { dq } of readQuarantine(home(), ID).failed) expect(dq).toEqual(outcome().dq);
  });

  it('is in quarantine with its reasons', () => {
    const { rejected, damaged } = readQuarantine(home(), ID);
    const wanted = (expected.rejected ?? []).flatMap(([file, line, rule, says, times = 1]) =>
      Array.from({ length: times }, (_, n) => ({ place: [file, line + n, rule], says })),
    );
    expect(rejected.map(({ file, line, reason }) => [file, line, reason])).toEqual(wanted.map(({ place }) => place));
    for (const [n, { says }] of wanted.entries()) expect(rejected[n]!.detail).toContain(says);
    for (const { text, bytes, is_cut } of rejected) {
      expect(is_cut).toBe(bytes > 16_384);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(3 * 16_384);
    }
    expect(damaged.map(({ file }) => file)).toEqual(Object.keys(expected.damaged ?? {}).sort());
    for (const { file, reason } of damaged) expect(reason).toContain(expected.damaged![file]);
  });

  // A mini-batch that failed as a whole says so elsewhere, and has no rows.
  if (expected.poison !== undefined) return;

  it('is warned of', () => {
    const damaged = Object.entries(expected.damaged ?? {}).map(([file, says]) => [`${file} was left out`, says]);
    const warnings = [...damaged, ...(expected.warnings ?? []).map((says) => [says])];
    expect(end.notes).toHaveLength(warnings.length);
    for (const parts of warnings) {
      expect(end.notes.filter((note) => parts.every((part) => note.includes(part)))).toHaveLength(1);
    }
  });

  it('leaves the rows that the judge and the page say', async () => {
    const miniBatch = { id: ID, sliceEnd: SLICE_END, batchEnd: SLICE_END, lines: judgedLines(poison) };
    const [output] = judge(parameters, [miniBatch]);
    const manifests = readManifests(home());
    const { malformed_json = 0, line_too_long = 0 } = manifests[0]!.dq;
    const dq = { ...manifests[0]!.dq, malformed_json: malformed_json + line_too_long };
    expect(qualityFaults(output!, { dq })).toEqual([]);
    for (const dataset of DATASETS) {
      const rows = (await readRows(reader, home(), manifests, dataset)).get(ID)!;
      expect(agreementOf(dataset, judgedRows(output!, dataset), rows, 'all').faults).toEqual([]);
      const wanted = expected[dataset as DatasetName & keyof typeof expected];
      if (!Array.isArray(wanted)) continue;
      expect(rows).toHaveLength(wanted.length);
      expect(agreementOf(dataset, wanted, rows, 'expected').faults).toEqual([]);
      for (const row of wanted) for (const key of KEYS[dataset]) expect(row).toHaveProperty(key);
    }
  });
});
