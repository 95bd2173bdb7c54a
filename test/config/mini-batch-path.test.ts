import { describe, expect, it } from 'vitest';
import { isDataFile, readMiniBatchFolder } from '../../src/config/mini-batch-path.ts';

const why = (answer: { is: string; why?: string }): string => answer.why ?? answer.is;

describe('readMiniBatchFolder', () => {
  it.each([
    ['paloalto/acme/finance/2025/01/02/mb-1/', 'paloalto/acme/finance/2025/01/02/mb-1'],
    ['fw_paloalto/acme/finance/x/y/2025/01/02/mb-1', 'fw_paloalto/acme/finance/x/y/2025/01/02/mb-1'],
    ['s3://bucket/2025/01/02/mb-1', 's3://bucket/2025/01/02/mb-1'],
    ['/home/ndr/inbox/2025/01/02/mb-1', '/home/ndr/inbox/2025/01/02/mb-1'],
    ['2025/01/02/mb-1', '2025/01/02/mb-1'],
    ['2024/12/31/2025/01/02/mb-1', '2024/12/31/2025/01/02/mb-1'],
  ])('%s', (given, folder) => {
    const answer = readMiniBatchFolder(given);
    expect(answer).toMatchObject({
      is: 'mini-batch',
      path: { folder, folderName: 'mb-1', miniBatchId: 'mb-1', date: '2025-01-02' },
    });
  });

  it.each([
    ['paloalto/acme/2025/01/02', 'is no folder of a mini-batch'],
    ['paloalto/acme/2025/1/2/mb', 'is no folder of a mini-batch'],
    ['2025/01/02/mb/deeper', 'is no folder of a mini-batch'],
    ['a', 'is no folder of a mini-batch'],
    ['2025/01/02/..', 'names no folder'],
    ['2025/01/02/a\u0007b', 'holds a slash or a control character'],
    [`2025/01/02/${'x'.repeat(201)}`, 'is longer than 200 characters'],
    [`${'x'.repeat(3000)}`, 'is no path of a mini-batch'],
  ])('%s is a fault', (folder, fault) => expect(why(readMiniBatchFolder(folder))).toContain(fault));

  it.each(['2025/02/29', '2025/04/31', '2025/13/01', '2025/00/10', '2025/01/00'])('checks the calendar: %s', (date) => {
    const answer = readMiniBatchFolder(`paloalto/${date}/mb-1/`);
    expect(answer).toMatchObject({ is: 'fault', fits: true });
    expect(why(answer)).toContain(`is dated ${date.replaceAll('/', '-')}, which is no date of the calendar`);
  });

  it('knows leap days', () => {
    expect(readMiniBatchFolder('x/2024/02/29/mb-1').is).toBe('mini-batch');
    expect(readMiniBatchFolder('x/2000/02/29/mb-1').is).toBe('mini-batch');
    expect(readMiniBatchFolder('x/2100/02/29/mb-1').is).toBe('fault');
  });
});

describe('a template', () => {
  it('follows the whole path', () => {
    const template = 's3://in/{vendor}/{org1}/{org2}/dt={yyyy}-{mm}-{dd}/batch={mini_batch_id}';
    const answer = readMiniBatchFolder('s3://in/paloalto/acme/hr/dt=2025-01-02/batch=17/', { template });
    expect(answer).toMatchObject({
      is: 'mini-batch',
      path: {
        miniBatchId: '17',
        folderName: 'batch=17',
        date: '2025-01-02',
        fields: { vendor: 'paloalto', org1: 'acme', org2: 'hr' },
      },
    });
    expect(readMiniBatchFolder('s3://other/paloalto/acme/hr/dt=2025-01-02/batch=17', { template })).toMatchObject({
      is: 'fault',
      fits: false,
    });
  });

  it('takes its other characters as they are', () => {
    const template = 's3://in/a.b+(c)';
    expect(readMiniBatchFolder('s3://in/a.b+(c)/2025/01/02/m', { template }).is).toBe('mini-batch');
    expect(readMiniBatchFolder('s3://in/axb+(c)/2025/01/02/m', { template }).is).toBe('fault');
  });

  it('holds bound fields to their values, and repeated ones to each other', () => {
    const template = 's3://in/{org1}/{org1}';
    expect(readMiniBatchFolder('s3://in/a/a/2025/01/02/m', { template, bound: { org1: 'a' } }).is).toBe('mini-batch');
    expect(readMiniBatchFolder('s3://in/b/b/2025/01/02/m', { template, bound: { org1: 'a' } }).is).toBe('fault');
    expect(readMiniBatchFolder('s3://in/a/b/2025/01/02/m', { template }).is).toBe('fault');
  });

  it('makes ids that are unique in the project', () => {
    const rules = { bound: { org2: 'hr' }, miniBatchIdTemplate: '{org2}-{yyyy}{mm}{dd}-{mini_batch_id}' };
    expect(readMiniBatchFolder('s3://in/x/2025/01/02/1038', rules)).toMatchObject({
      is: 'mini-batch',
      path: { miniBatchId: 'hr-20250102-1038', folderName: '1038' },
    });
    expect(why(readMiniBatchFolder('x/2025/01/02/1038', { ...rules, bound: {} }))).toContain('needs {org2}');
  });

  it('reads long paths in good time', () => {
    const path = `${'a/'.repeat(1000)}2025/01/mb`;
    expect(readMiniBatchFolder(path).is).toBe('fault');
  });
});

describe('data files', () => {
  it.each(['a.json.gz', 'a.jsonl.gz', 'a.ndjson.gz', 'a.gz', 'A.GZ', 'a.json', 'a.jsonl', 'a.ndjson', 'a.b.json'])(
    '%s is one',
    (name) => expect(isDataFile(name)).toBe(true),
  );
  it.each(['_SUCCESS', '_a.json.gz', '.a.json', '.json', 'a.txt', 'a.json.tmp', 'a', '', 'a.parquet', 'a.partial'])(
    '%s is none',
    (name) => expect(isDataFile(name)).toBe(false),
  );
});
