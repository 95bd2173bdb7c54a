import { describe, expect, it } from 'vitest';
import { datasetFolder, datasetPrefix, partFiles, partRanges } from '../../src/state/publish.ts';
import { sliceOf } from './mini-batches.ts';

describe('the prefix of a dataset', () => {
  it.each([
    [null, 'delta', 'office/delta'],
    ['s3://features/ndr', 'delta', 's3:features/ndr/delta'],
    ['s3://features/fg_a/', 'fg_a', 's3:features/fg_a'],
    ['s3://features/fg_a/', 'fg_a_pair_context', 's3:features/fg_a/fg_a_pair_context'],
    ['s3://features', 'delta', 's3:features/delta'],
    ['s3://features/my_delta', 'delta', 's3:features/my_delta/delta'],
    ['s3://features/fg_b/host/', 'fg_b', 's3:features/fg_b'],
    ['s3://features/fg_b/host', 'fg_a', 's3:features/fg_b/host/fg_a'],
    ['fg_b/host', 'fg_b', 'fg_b'],
    ['fg_b', 'fg_b', 'fg_b'],
    ['features/x', 'pair_counts', 'features/x/pair_counts'],
  ])('%j, %s -> %s', (prefix, dataset, expected) => {
    expect(datasetPrefix(prefix, 'office', dataset)).toBe(expected);
  });

  it.each(['/var/features', 'file:///var/features', 's3://', ''])('%j lies outside the lake', (prefix) => {
    expect(() => datasetPrefix(prefix, 'office', 'delta')).toThrow('lies outside the lake');
  });
});

describe('the folder of a mini-batch', () => {
  const slice = sliceOf('2025/x', Date.UTC(2025, 2, 5, 0, 8));

  it.each(['delta', 'pair_context'])('of %s lies under the start of the slice', (dataset) => {
    expect(datasetFolder(`office/${dataset}`, dataset, 'v1', slice)).toBe(
      `office/${dataset}/feature_spec_version=v1/dt=2025-03-04/hh=23/mm=53/batch=2025%2Fx`,
    );
  });

  it.each(['fg_a', 'fg_a_pair_context', 'pair_counts', 'inference_predictions'])('of %s under its end', (dataset) => {
    expect(datasetFolder(`office/${dataset}`, dataset, 'v1', slice)).toBe(
      `office/${dataset}/feature_spec_version=v1/dt=2025-03-05/hh=00/mm=08/batch=2025%2Fx`,
    );
  });

  it('names further keys after the version', () => {
    expect(datasetFolder('p/fg_c', 'fg_c', 'v 1', slice, [['baseline_horizon', '7d']])).toBe(
      'p/fg_c/feature_spec_version=v 1/baseline_horizon=7d/dt=2025-03-05/hh=00/mm=08/batch=2025%2Fx',
    );
  });
});

describe('parts', () => {
  it.each([
    [0, []],
    [1, [[0, 1]]],
    [20_000, [[0, 20_000]]],
    [
      20_001,
      [
        [0, 20_000],
        [20_000, 20_001],
      ],
    ],
    [
      60_000,
      [
        [0, 20_000],
        [20_000, 40_000],
        [40_000, 60_000],
      ],
    ],
  ])('of %i rows', (rows, ranges) => {
    expect(partRanges(rows)).toEqual(ranges);
  });

  it('are named by number and content', () => {
    const bytes = new TextEncoder().encode('abc');
    expect(
      partFiles('f', [
        { rows: 1, bytes },
        { rows: 2, bytes },
      ]),
    ).toEqual([
      {
        path: 'f/part-00000-ba7816bf8f01.parquet',
        rows: 1,
        bytes: 3,
        sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
        content: bytes,
      },
      expect.objectContaining({ path: 'f/part-00001-ba7816bf8f01.parquet', rows: 2 }),
    ]);
  });
});
