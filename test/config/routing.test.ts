import { describe, expect, it } from 'vitest';
import { decodeRoute, pathRulesOf, routeOf } from '../../src/config/routing.ts';
import { SpecError } from '../../src/config/spec-payload.ts';

const ITEM = {
  org_key: 'acme#finance',
  project_name: 'ndr-acme-prod',
  ingestion_prefix: 's3://ndr-ingestion/paloalto/acme/finance',
  feature_spec_version: 'v1',
};
const faultsOf = (item: unknown): readonly string[] => {
  try {
    decodeRoute(item);
  } catch (error) {
    if (error instanceof SpecError) return error.faults;
    throw error;
  }
  return [];
};

describe('decodeRoute', () => {
  it('reads the example of the table', () => {
    expect(decodeRoute(ITEM)).toEqual({
      warnings: [],
      value: {
        orgKey: 'acme#finance',
        org1: 'acme',
        org2: 'finance',
        projectName: 'ndr-acme-prod',
        ingestionPrefix: 's3://ndr-ingestion/paloalto/acme/finance',
        featureSpecVersion: 'v1',
        enabled: true,
        miniBatchIdTemplate: null,
      },
    });
  });

  it('warns of unknown keys', () => {
    expect(decodeRoute({ ...ITEM, enabeld: false, updated_at: 'x' }).warnings).toEqual([
      'routing acme#finance: enabeld: unknown key, ignored; did you mean enabled?',
    ]);
  });

  it('names all faults', () => {
    expect(
      faultsOf({
        org_key: 'acme',
        project_name: 'Acme',
        ingestion_prefix: 's3://in/{vendr}/x',
        enabled: 'maybe',
        mini_batch_id_template: '{org2}',
      }),
    ).toEqual([
      'routing acme: org_key: is "acme"; expected <org1>#<org2>',
      'routing acme: project_name: is "Acme"; expected a project name: 1 to 48 of a-z, 0-9 and -, not beginning with -',
      'routing acme: ingestion_prefix: is "s3://in/{vendr}/x", which has {vendr}; known are {vendor} {project} {org1} {org2} {yyyy} {mm} {dd} {mini_batch_id}; did you mean vendor?',
      'routing acme: enabled: is "maybe"; expected true or false',
      'routing acme: mini_batch_id_template: is "{org2}", which lacks {mini_batch_id}',
    ]);
    expect(faultsOf({})[0]).toBe('routing without org_key: org_key: is missing; expected <org1>#<org2>');
    expect(faultsOf(7)).toEqual(['routing without org_key: is 7; expected an object']);
  });

  it.each([
    ['s3://in/{yyyy}/x', 'lacks {mm} {dd}'],
    ['s3://in/{yyyy}/{mm}/{dd}/{mini_batch_id}/x', 'must end in the folder of {mini_batch_id}'],
    ['s3://in/a{b', 'has a brace that closes or opens nothing'],
  ])('does not take the prefix %s', (ingestion_prefix, fault) => {
    expect(faultsOf({ ...ITEM, ingestion_prefix })).toEqual([
      `routing acme#finance: ingestion_prefix: is "${ingestion_prefix}", which ${fault}`,
    ]);
  });
});

describe('routeOf', () => {
  const finance = decodeRoute(ITEM).value;
  const all = decodeRoute({
    org_key: 'acme#all',
    project_name: 'acme',
    ingestion_prefix: 's3://ndr-ingestion/paloalto/acme',
  }).value;
  const templated = decodeRoute({
    org_key: 'beta#hr',
    project_name: 'beta',
    ingestion_prefix: 's3://ndr-ingestion/{vendor}/{org1}/{org2}',
    mini_batch_id_template: '{org2}-{yyyy}{mm}{dd}-{mini_batch_id}',
  }).value;

  it('finds the route with the longest prefix', () => {
    const routes = [all, finance, templated];
    const found = (folder: string) => routeOf(routes, folder)?.route.orgKey;
    expect(found('s3://ndr-ingestion/paloalto/acme/finance/2025/01/02/mb-1/')).toBe('acme#finance');
    expect(found('s3://ndr-ingestion/paloalto/acme/hr/2025/01/02/mb-1')).toBe('acme#all');
    expect(found('s3://ndr-ingestion/fw_paloalto/beta/hr/2025/01/02/mb-1')).toBe('beta#hr');
    expect(found('s3://ndr-ingestion/fw_paloalto/beta/it/2025/01/02/mb-1')).toBeUndefined();
    expect(found('s3://elsewhere/paloalto/acme/finance/2025/01/02/mb-1')).toBeUndefined();
  });

  it('gives the id that the route makes', () => {
    const answer = routeOf([templated], 's3://ndr-ingestion/paloalto/beta/hr/2025/01/02/1038')?.answer;
    expect(answer).toMatchObject({ path: { miniBatchId: 'hr-20250102-1038' } });
  });

  it('keeps the fault of a path that is the route’s but not right', () => {
    const answer = routeOf([finance], 's3://ndr-ingestion/paloalto/acme/finance/2025/02/30/mb-1')?.answer;
    expect(answer).toMatchObject({ is: 'fault', fits: true });
  });

  it('says how its paths are read', () => {
    expect(pathRulesOf(finance)).toEqual({
      template: 's3://ndr-ingestion/paloalto/acme/finance',
      bound: { org1: 'acme', org2: 'finance', project: 'ndr-acme-prod' },
      miniBatchIdTemplate: null,
    });
  });
});
