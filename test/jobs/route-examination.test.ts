import { describe, expect, it } from 'vitest';
import { SpecError } from '../../src/config/spec-payload.ts';
import type { Finding } from '../../src/jobs/finding.ts';
import { examineRoutes, type RouteExaminationDeps } from '../../src/jobs/route-examination.ts';
import { Unavailable } from '../../src/state/unavailable.ts';
import { collect } from '../conformance/collect.ts';

const SPEC = { project_name: 'office', job_name: 'project_parameters#v1', spec: {} };
const LAB = { project_name: 'lab', job_name: 'project_parameters#v1', spec: {} };
const HQ = { org_key: 'acme#hq', project_name: 'office', ingestion_prefix: 's3://raw/paloalto/acme/hq' };

const other = (orgKey: string, prefix: string) => ({
  org_key: orgKey,
  project_name: 'lab',
  ingestion_prefix: prefix,
});

interface Given extends Partial<RouteExaminationDeps> {
  readonly routes?: readonly object[];
  readonly items?: readonly object[];
}

async function examine({ routes = [HQ], items = [SPEC], ...deps }: Given = {}) {
  const findings = await collect(
    examineRoutes({
      specs: {
        routes: async () => routes as Readonly<Record<string, unknown>>[],
        items: async () => items as Readonly<Record<string, unknown>>[],
      },
      rawFiles: { folders: async () => ['2026'], has: async () => false },
      specWarnings: async () => [],
      ...deps,
    }),
  );
  return { findings, wrong: findings.filter(({ severity }: Finding) => severity !== 'info') };
}

describe('routes', () => {
  it('that are well give no finding, and what is listed of each is what its template fixes', async () => {
    const asked: string[] = [];
    const rawFiles = {
      folders: async (folder: string) => {
        asked.push(folder);
        return [];
      },
      has: async () => false,
    };
    const vendors = other('beta#hq', 's3://beta-raw/{vendor}/{org1}/{org2}');
    const bound = other('beta#lab', 's3://raw/{org1}/{project}/logs');
    const { wrong, findings } = await examine({ routes: [HQ, vendors, bound], items: [SPEC, LAB], rawFiles });
    expect(wrong).toEqual([]);
    expect(asked).toEqual(['s3://raw/paloalto/acme/hq', 's3://beta-raw', 's3://raw/beta/lab/logs']);
    expect(findings.map(({ what }) => what)).toEqual([
      'route acme#hq: s3://raw/paloalto/acme/hq can be listed; nothing has arrived there yet',
      'route beta#hq: s3://beta-raw can be listed; nothing has arrived there yet',
      'route beta#lab: s3://raw/beta/lab/logs can be listed; nothing has arrived there yet',
    ]);
  });

  it('with faults are told, and the others examined', async () => {
    const { wrong, findings } = await examine({ routes: [{ ...HQ, org_key: 'bad#one', enabled: 'perhaps' }, HQ] });
    expect(wrong).toMatchObject([
      { severity: 'error', check: 'routes', what: expect.stringContaining('routing bad#one: enabled') },
    ]);
    expect(findings.some(({ check }) => check === 'raw')).toBe(true);
  });

  it('that fit the same folders are an error, once', async () => {
    const { wrong } = await examine({
      routes: [HQ, other('acme#lab', HQ.ingestion_prefix)],
      items: [SPEC, LAB],
    });
    expect(wrong).toMatchObject([
      { severity: 'error', what: expect.stringContaining('fit the same folders, and neither goes before the other') },
    ]);
  });

  it('of which one can never be reached are an error', async () => {
    const longer = `${HQ.ingestion_prefix}/{yyyy}/{mm}/{dd}/{mini_batch_id}`;
    const { wrong } = await examine({ routes: [HQ, other('acme#lab', longer)], items: [SPEC, LAB] });
    expect(wrong).toMatchObject([{ severity: 'error', what: expect.stringContaining('takes what the first is for') }]);
  });

  it('that lie within another of another project are a warning; within their own they are meant', async () => {
    const whole = other('acme#all', 's3://raw/paloalto/acme');
    const { wrong } = await examine({ routes: [whole, HQ], items: [SPEC, LAB] });
    expect(wrong).toMatchObject([
      {
        severity: 'warning',
        what: expect.stringMatching(/^routes acme#hq .* and acme#all .* overlap: the first lies within/),
      },
    ]);
    expect((await examine({ routes: [{ ...whole, project_name: 'office' }, HQ] })).wrong).toEqual([]);
    expect((await examine({ routes: [{ ...whole, enabled: false }, HQ] })).wrong).toEqual([]);
  });

  it('miss a project, or lead to one whose specs have faults', async () => {
    expect((await examine({ items: [SPEC, LAB] })).wrong).toMatchObject([
      { severity: 'warning', what: expect.stringContaining('no enabled route leads to project lab') },
    ]);
    const specWarnings = async (): Promise<string[]> => {
      throw new SpecError(['a: is wrong', 'b: is wrong']);
    };
    expect((await examine({ specWarnings })).wrong.map(({ what }) => what)).toEqual([
      'route acme#hq, project office: a: is wrong',
      'route acme#hq, project office: b: is wrong',
    ]);
  });

  it('whose folders are out of reach say so, and what to do', async () => {
    const refuse = (error: Error) => ({
      folders: async (): Promise<string[]> => {
        throw error;
      },
      has: async () => false,
    });
    const away = refuse(new Unavailable('S3', 'ListObjectsV2 of s3://raw/', new Error('ECONNREFUSED')));
    expect((await examine({ rawFiles: away })).wrong).toMatchObject([
      { check: 'raw', what: 'route acme#hq: S3: ListObjectsV2 of s3://raw/: ECONNREFUSED' },
    ]);
    const denied = refuse(new Error('S3: denied; allow s3:ListBucket'));
    expect((await examine({ rawFiles: denied })).wrong).toMatchObject([{ remedy: 'allow s3:ListBucket' }]);
    expect((await examine({ rawFiles: null })).wrong).toEqual([]);
  });
});
