import { readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { SpecError } from '../config/spec-payload.ts';
import { codeOf, namesIn } from './durable-file.ts';

/** One job's parameters as they stand in a file, keyed as in the parameters table. */
export interface SpecItem {
  readonly project_name: string;
  /** `<job>#<version>`. */
  readonly job_name: string;
  readonly spec: unknown;
  /** Optional attributes of the item: feature_spec_version, updated_at, owner, tags, ... */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Where it was read, for messages. */
  readonly file: string;
}

export const DEFAULT_PROJECT = 'default';
export const DEFAULT_VERSION = 'v1';

const PARSED = new Set(['.json', '.yaml', '.yml']);

/**
 * The items of a specs folder, one per `*.json`, `*.yaml` or `*.yml` file, by (project_name, job_name). A file holds
 * `{project_name?, job_name?, spec}`; the job is the file's name where it names none. A folder that does not exist holds
 * none. Throws SpecError with every fault of every file.
 */
export async function readSpecFiles(folder: string, parseYaml: (text: string) => unknown): Promise<SpecItem[]> {
  const names = (await namesIn(folder)).filter((name) => PARSED.has(extname(name)) && !/^[._]/.test(name)).sort();
  const faults: string[] = [];
  const items: SpecItem[] = [];
  for (const name of names) {
    const file = join(folder, name);
    try {
      const text = await readFile(file, 'utf8');
      items.push(specItem(file, extname(name) === '.json' ? JSON.parse(text) : parseYaml(text)));
    } catch (error) {
      if (error instanceof SpecError) faults.push(...error.faults);
      else faults.push(`${file}: ${unreadable(error)}`);
    }
  }
  const known = new Map<string, SpecItem>();
  for (const item of items) {
    const key = `${item.project_name}/${item.job_name}`;
    const first = known.get(key);
    if (first === undefined) known.set(key, item);
    else
      faults.push(
        `${item.file}: ${item.job_name} of project ${item.project_name} stands in ${first.file} too; keep one`,
      );
  }
  if (faults.length > 0) throw new SpecError(faults);
  return [...known].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}

function specItem(file: string, content: unknown): SpecItem {
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new SpecError([`${file}: holds no object; write {"spec": {...}}`]);
  const { project_name, job_name, spec, parameters, ...attributes } = content as Readonly<Record<string, unknown>>;
  const faults: string[] = [];
  const text = (name: string, given: unknown, otherwise: string): string => {
    if (given === undefined || given === null || given === '') return otherwise;
    if (typeof given === 'string') return given;
    faults.push(`${file}: ${name}: is ${JSON.stringify(given)}; expected text`);
    return otherwise;
  };
  const name = text('job_name', job_name, basename(file, extname(file)));
  const [job = '', named, ...rest] = name.split('#');
  const version = text('feature_spec_version', attributes['feature_spec_version'], named ?? DEFAULT_VERSION);
  if (job === '' || named === '' || rest.length > 0)
    faults.push(`${file}: job_name: is "${name}"; expected <job> or <job>#<version>`);
  if (named !== undefined && version !== named)
    faults.push(`${file}: feature_spec_version: is ${version}, but job_name is ${name}; leave one out`);
  if (spec !== undefined && parameters !== undefined)
    faults.push(`${file}: has both spec and parameters; they mean the same, keep spec`);
  if (spec === undefined && parameters === undefined)
    faults.push(`${file}: spec: is missing; expected an object with the parameters of ${job}`);
  const project = text('project_name', project_name, DEFAULT_PROJECT);
  if (faults.length > 0) throw new SpecError(faults);
  return { project_name: project, job_name: `${job}#${version}`, spec: spec ?? parameters, attributes, file };
}

function unreadable(error: unknown): string {
  const code = codeOf(error);
  if (code !== undefined) return `cannot be read: ${code}; make it readable, or move it out of the folder`;
  return `cannot be parsed: ${error instanceof Error ? error.message : String(error)}; correct it`;
}
