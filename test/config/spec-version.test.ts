import { describe, expect, it } from 'vitest';
import { readSpecItems } from '../../src/config/spec-items.ts';
import { resolveFeatureSpecVersion, type VersionQuestion } from '../../src/config/spec-version.ts';
import { faultsOf } from './spec-cases.ts';

const resolve = (stored: unknown[], rest: Partial<VersionQuestion> = {}) =>
  resolveFeatureSpecVersion({ items: readSpecItems(stored).items, project: 'default', fallback: null, ...rest });
const parameters = (version: string | null, stated?: string, project_name = 'default') => ({
  project_name,
  job_name: version === null ? 'project_parameters' : `project_parameters#${version}`,
  spec: stated === undefined ? {} : { defaults: { FeatureSpecVersion: stated } },
});

describe('resolveFeatureSpecVersion', () => {
  it('goes by the caller, the route, the default, then the only one', () => {
    const items = [parameters('v1', 'v3'), parameters('v2')];
    expect(resolve(items, { explicit: 'v9', route: 'v8' })).toBe('v9');
    expect(resolve(items, { explicit: null, route: 'v8' })).toBe('v8');
    expect(resolve(items)).toBe('v3');
    expect(resolve([parameters('v2'), parameters('v7', 'v7', 'acme')])).toBe('v2');
    expect(resolve([parameters(null, 'v5')])).toBe('v5');
    expect(resolve([parameters('v2', '<required:FeatureSpecVersion>')])).toBe('v2');
  });

  it('falls back only where there is none', () => {
    expect(resolve([], { fallback: 'v1' })).toBe('v1');
    expect(resolve([parameters(null)], { fallback: 'v1' })).toBe('v1');
    const advice = 'name one in the notification, the route or defaults.FeatureSpecVersion';
    expect(faultsOf(() => resolve([]))).toEqual([
      `project default: feature_spec_version: there is no project_parameters#<version>; ${advice}`,
    ]);
    expect(faultsOf(() => resolve([parameters('v1'), parameters('v2')], { fallback: 'v1' }))).toEqual([
      `project default: feature_spec_version: could be any of v1, v2; ${advice}`,
    ]);
    expect(faultsOf(() => resolve([parameters('v1', 'v1'), parameters('v2', 'v2')]))).toEqual([
      `project default: defaults.FeatureSpecVersion: says "v1" and "v2"; ${advice}`,
    ]);
  });
});
