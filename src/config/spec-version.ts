import { show } from './shown-value.ts';
import type { SpecItem } from './spec-items.ts';
import { SpecError } from './spec-payload.ts';

export interface VersionQuestion {
  readonly items: readonly SpecItem[];
  readonly project: string;
  /** Said by the caller or the notification. */
  readonly explicit?: string | null | undefined;
  /** Said by the route. */
  readonly route?: string | null | undefined;
  /** For a project that has no versioned item at all; null: that is a fault. */
  readonly fallback: string | null;
}

/**
 * The feature spec version in force: the explicit one, the route's, `defaults.FeatureSpecVersion` of the project's
 * parameters, else the only version that the project's parameters have.
 */
export function resolveFeatureSpecVersion(question: VersionQuestion): string {
  const { items, project, explicit, route, fallback } = question;
  if (explicit) return explicit;
  if (route) return route;
  const parameters = items.filter((item) => item.project === project && item.job === 'project_parameters');
  const stated = new Set(parameters.flatMap((item) => defaultVersionOf(item.payload)));
  if (stated.size === 1) return [...stated][0]!;
  const place = `project ${project}`;
  const advice = 'name one in the notification, the route or defaults.FeatureSpecVersion';
  if (stated.size > 1) {
    throw new SpecError([
      `${place}: defaults.FeatureSpecVersion: says ${[...stated].map(show).join(' and ')}; ${advice}`,
    ]);
  }
  const versions = new Set(parameters.flatMap(({ version }) => (version === null ? [] : [version])));
  if (versions.size === 1) return [...versions][0]!;
  if (versions.size > 1) {
    throw new SpecError([
      `${place}: feature_spec_version: could be any of ${[...versions].sort().join(', ')}; ${advice}`,
    ]);
  }
  if (fallback !== null) return fallback;
  throw new SpecError([`${place}: feature_spec_version: there is no project_parameters#<version>; ${advice}`]);
}

function defaultVersionOf(payload: unknown): string[] {
  if (typeof payload !== 'object' || payload === null || !('defaults' in payload)) return [];
  const { defaults } = payload;
  if (typeof defaults !== 'object' || defaults === null || !('FeatureSpecVersion' in defaults)) return [];
  const version = defaults.FeatureSpecVersion;
  return typeof version === 'string' && version.trim() !== '' && !/<[^>]*>|REPLACE_ME/.test(version) ? [version] : [];
}
