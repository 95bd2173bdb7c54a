/** The worked example, from raw lines through the command to the Parquet that readers open. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runBatch } from '../../src/commands/run-batch.ts';
import type { Manifest } from '../../src/state/manifest.ts';
import { GOLDEN_PARAMETERS, readGoldenMiniBatches, readGoldenOutputs } from '../oracle/golden.ts';
import { judge } from '../oracle/oracle.ts';
import { runCommand, writeSpecs } from '../support/command-run.ts';
import {
  DATASETS,
  type DatasetName,
  type LakeRow,
  openReader,
  readManifests,
  readRows,
} from '../support/committed-lake.ts';
import { writeMiniBatch } from '../support/mini-batch-folders.ts';
import { qualityFaults, quarantinedLines } from '../support/quality-agreement.ts';
import { agreementOf, judgedRows } from '../support/row-agreement.ts';

const expected = readGoldenOutputs('expected.json');
const miniBatches = readGoldenMiniBatches().sort((a, b) => a.sliceEnd - b.sliceEnd || (a.id < b.id ? -1 : 1));
const judged = judge(GOLDEN_PARAMETERS, miniBatches);

let folder = '';
let home = '';
let manifests: readonly Manifest[] = [];
const rows = new Map<DatasetName, Map<string, LakeRow[]>>();
const rowsOf = (dataset: DatasetName, id: string): LakeRow[] => rows.get(dataset)!.get(id)!;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ndr-golden-'));
  home = join(folder, 'home');
  const { highRiskSegments: high_risk_segments, minDays: min_days } = GOLDEN_PARAMETERS;
  writeSpecs(home, { fg_a_builder: { high_risk_segments, lookback30d: { min_days } } });
  for (const miniBatch of miniBatches) {
    const input = writeMiniBatch(join(folder, 'raw'), miniBatch, { 'flows.jsonl': miniBatch.lines });
    const at = new Date(miniBatch.sliceEnd).toISOString();
    const { code, notes } = await runCommand(runBatch, { home, flags: { input, at } });
    if (code !== 0) throw new Error(`${miniBatch.id} ended with ${code}: ${notes.join('\n')}`);
  }
  manifests = readManifests(home);
  const reader = await openReader();
  for (const dataset of DATASETS) rows.set(dataset, await readRows(reader, home, manifests, dataset));
  reader.closeSync();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the worked example through the pipeline', () => {
  it('commits every mini-batch that the folder lists, in order, each in its slice', () => {
    const slices = manifests.map(
      ({ mini_batch_id: id, slice }) => `${id} ${slice.slice_start_ts} ${slice.slice_end_ts}`,
    );
    expect(slices).toHaveLength(21);
    expect(slices).toEqual(
      expected.map(({ mini_batch_id: id, slice_start_ts, slice_end_ts }) => `${id} ${slice_start_ts} ${slice_end_ts}`),
    );
  });

  for (const output of expected) {
    const { mini_batch_id: id } = output;
    for (const [dataset, wanted] of Object.entries(output)) {
      if (!Array.isArray(wanted)) continue;
      it(`has the ${dataset} of ${id}`, () => {
        const found = rowsOf(dataset as DatasetName, id);
        expect(agreementOf(dataset as DatasetName, wanted, found, 'expected').faults).toEqual([]);
      });
    }
  }

  for (const output of judged) {
    it(`has every column of ${output.mini_batch_id} as the oracle says, and no other`, () => {
      for (const dataset of DATASETS) {
        const found = rowsOf(dataset, output.mini_batch_id);
        expect(agreementOf(dataset, judgedRows(output, dataset), found, 'all').faults).toEqual([]);
      }
    });
  }

  it('counts and quarantines the lines that the oracle rejects', () => {
    for (const [n, output] of judged.entries()) {
      expect(qualityFaults(output, manifests[n]!)).toEqual([]);
      const rejected = output.rejected.map(({ line, reason }) => `${line} ${reason}`);
      expect(quarantinedLines(home, output.mini_batch_id)).toEqual(rejected);
    }
    expect(judged.flatMap(({ rejected }) => rejected).length).toBe(8);
  });

  it('is the only example there is beside the poison set and that of baselines: another needs a test of its own', () => {
    const golden = join(import.meta.dirname, '..', 'golden');
    expect(readdirSync(golden)).toEqual(['baselines', 'poison', 'worked-example']);
    const lines = readdirSync(join(golden, 'worked-example')).filter((name) => name.endsWith('.jsonl'));
    expect(lines.map((name) => name.replace('.jsonl', '')).sort()).toEqual(
      expected.map((output) => output.mini_batch_id).sort(),
    );
  });

  it('compares every cell that the example holds', () => {
    const cells = expected.flatMap((output) =>
      Object.values(output).flatMap((value) => (Array.isArray(value) ? value : [])),
    );
    expect(cells.reduce((sum, row) => sum + Object.keys(row as object).length, 0)).toBeGreaterThan(50_000);
  });
});
