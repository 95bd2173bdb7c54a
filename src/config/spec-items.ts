import { suggestion } from './nearest-key.ts';
import { show } from './shown-value.ts';
import { JOB_NAMES, PROJECT_NAME, VERSION_NAME } from './spec-names.ts';
import { SpecError } from './spec-payload.ts';

export const DEFAULT_PROJECT = 'default';
export const DEFAULT_VERSION = 'v1';

/** A parameters item: the payload of one job in one version, or in all where it names none. */
export interface SpecItem {
  readonly project: string;
  readonly job: string;
  /** null: a bare job name, which every version falls back to. */
  readonly version: string | null;
  /** The payload, or, as text, where its JSON lies. */
  readonly payload: unknown;
}

export interface SpecItems {
  readonly items: readonly SpecItem[];
  readonly warnings: readonly string[];
}

/** Attributes of an item beside its keys and payload; audit and other systems read them. */
const ATTRIBUTES = [
  'project_name',
  'job_name',
  'spec',
  'parameters',
  'feature_spec_version',
  'updated_at',
  'owner',
  'pipeline_defaults',
  'feature_store',
  'tags',
];

/**
 * Reads the items of the parameters table (or a specs folder) as they are stored:
 * `{project_name?, job_name: <job> | <job>#<version>, spec | parameters, ...}`. Faults of all items are thrown at once.
 */
export function readSpecItems(stored: readonly unknown[]): SpecItems {
  const faults: string[] = [];
  const warnings: string[] = [];
  const seen = new Set<string>();
  const items = stored.flatMap((item, i) => {
    const read = readItem(item, `spec item ${i + 1}`, warnings);
    if (typeof read === 'string') {
      faults.push(read);
      return [];
    }
    const key = `${read.project} ${nameOf(read)}`;
    if (seen.has(key)) faults.push(`${nameOf(read)}: stands twice among the specs of project ${read.project}`);
    seen.add(key);
    return [read];
  });
  if (faults.length > 0) throw new SpecError(faults);
  return { items, warnings };
}

const nameOf = ({ job, version }: Pick<SpecItem, 'job' | 'version'>): string =>
  version === null ? job : `${job}#${version}`;

function readItem(item: unknown, place: string, warnings: string[]): SpecItem | string {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    return `${place}: is ${show(item)}; expected an object with job_name and spec`;
  }
  const given = item as Readonly<Record<string, unknown>>;
  const name = given['job_name'];
  if (typeof name !== 'string' || name.trim() === '') return `${place}: job_name: is missing; expected <job>#<version>`;
  const project = given['project_name'] ?? DEFAULT_PROJECT;
  if (typeof project !== 'string' || !PROJECT_NAME.test(project)) {
    return `${name}: project_name: is ${show(project)}; expected 1 to 48 of a-z, 0-9 and -, not beginning with -`;
  }
  const hash = name.indexOf('#');
  const job = hash < 0 ? name : name.slice(0, hash);
  const own = hash < 0 ? null : name.slice(hash + 1);
  if (own !== null && !VERSION_NAME.test(own)) return `${name}: job_name: ${show(own)} is no feature spec version`;
  const redundant = given['feature_spec_version'];
  if (own !== null && typeof redundant === 'string' && redundant !== '' && redundant !== own) {
    return `${name}: feature_spec_version: is ${show(redundant)}, but job_name says ${own}`;
  }
  if (!(JOB_NAMES as readonly string[]).includes(job)) {
    warnings.push(`${name}: job_name: unknown job ${show(job)}, ignored${suggestion(job, JOB_NAMES)}`);
  }
  for (const key of Object.keys(given).filter((key) => !ATTRIBUTES.includes(key))) {
    warnings.push(`${name}: ${key}: unknown key, ignored${suggestion(key, ATTRIBUTES)}`);
  }
  if (given['spec'] !== undefined && given['parameters'] !== undefined && given['parameters'] !== null) {
    return `${name}: parameters: stands beside spec; keep one`;
  }
  const payload = given['spec'] ?? given['parameters'] ?? {};
  // A bare name that says its version redundantly is that version's, as if its key said so.
  const version = own ?? (typeof redundant === 'string' && redundant !== '' ? redundant : null);
  return { project, job, version, payload };
}

/** The payload in force for a job: the version's own item, else the bare one. */
export function itemFor(
  items: readonly SpecItem[],
  project: string,
  job: string,
  version: string,
): SpecItem | undefined {
  const own = items.filter((item) => item.project === project && item.job === job);
  return own.find((item) => item.version === version) ?? own.find((item) => item.version === null);
}
