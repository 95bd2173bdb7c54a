import { readFile } from 'node:fs/promises';
import { basename, extname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_PROJECT, DEFAULT_VERSION } from '../../config/spec-items.ts';
import { SpecError } from '../../config/spec-payload.ts';
import { codeOf, isMissing, namesIn } from '../durable-file.ts';
import { compareKeys } from '../key-order.ts';
import type { SpecSource, StoredRecord } from '../specs.ts';

/** One job's parameters as they stand in a file, keyed as in the parameters table. */
export interface SpecFile {
  readonly project_name: string;
  /** `<job>#<version>`. */
  readonly job_name: string;
  readonly spec: unknown;
  /** Optional attributes of the item: feature_spec_version, updated_at, owner, tags, ... */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Where it was read, for messages. */
  readonly file: string;
}

const PARSED = new Set(['.json', '.yaml', '.yml']);
/** The one file that holds routes instead of a spec. */
const ROUTES = 'routing';

/**
 * Specs as files of a folder, routes in its `routing.json` or `routing.yaml`; both are read anew each time. Documents lie at
 * `file://` or at paths, relative ones below the folder.
 */
export function openDirectorySpecs(folder: string, parseYaml: (text: string) => unknown): SpecSource {
  return {
    async items(project) {
      const files = await readSpecFiles(folder, parseYaml);
      return files
        .filter(({ project_name }) => project === undefined || project_name === project)
        .map(({ attributes, file: _, ...item }) => ({ ...attributes, ...item }));
    },
    routes: () => readRoutes(folder, parseYaml),
    document: (location) => readDocument(location, folder),
  };
}

/**
 * The items of a specs folder, one per `*.json`, `*.yaml` or `*.yml` file, by (project_name, job_name). A file holds
 * `{project_name?, job_name?, spec}`; the job is the file's name where it names none. A folder that does not exist holds
 * none. Throws SpecError with every fault of every file.
 */
export async function readSpecFiles(folder: string, parseYaml: (text: string) => unknown): Promise<SpecFile[]> {
  const names = (await parsedNames(folder)).filter((name) => !isOfRoutes(name));
  const faults: string[] = [];
  const items: SpecFile[] = [];
  for (const name of names) {
    const file = join(folder, name);
    try {
      items.push(specItem(file, await parsed(file, parseYaml)));
    } catch (error) {
      if (error instanceof SpecError) faults.push(...error.faults);
      else faults.push(`${file}: ${unreadable(error)}`);
    }
  }
  const known = new Map<string, SpecFile>();
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

async function readRoutes(folder: string, parseYaml: (text: string) => unknown): Promise<StoredRecord[]> {
  const [name, ...others] = (await parsedNames(folder)).filter(isOfRoutes);
  if (name === undefined) return [];
  const file = join(folder, name);
  if (others.length > 0) throw new SpecError([`${file}: routes stand in ${join(folder, others[0]!)} too; keep one`]);
  const content = await parsed(file, parseYaml).catch((error: unknown) => {
    throw new SpecError([`${file}: ${unreadable(error)}`]);
  });
  if (!Array.isArray(content))
    throw new SpecError([`${file}: holds no list; write [{"org_key": "<org1>#<org2>", "project_name": ...}, ...]`]);
  const keys = new Set<unknown>();
  const faults: string[] = [];
  for (const [i, route] of content.entries()) {
    const key = typeof route === 'object' && route !== null ? (route as StoredRecord)['org_key'] : undefined;
    if (typeof key !== 'string') faults.push(`${file}: [${i}].org_key: is missing; expected <org1>#<org2>`);
    else if (keys.has(key)) faults.push(`${file}: ${key} stands twice; keep one`);
    keys.add(key);
  }
  if (faults.length > 0) throw new SpecError(faults);
  const keyOf = (route: StoredRecord): string => route['org_key'] as string;
  return (content as StoredRecord[]).toSorted((a, b) => compareKeys(keyOf(a), keyOf(b)));
}

async function readDocument(location: string, folder: string): Promise<unknown> {
  const path = location.startsWith('file://')
    ? fileURLToPath(location)
    : isAbsolute(location)
      ? location
      : join(folder, location);
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new SpecError([`${path}: cannot be read as JSON: ${(error as Error).message}; correct it`]);
  }
}

const parsedNames = async (folder: string): Promise<string[]> =>
  (await namesIn(folder)).filter((name) => PARSED.has(extname(name)) && !/^[._]/.test(name)).sort();

const isOfRoutes = (name: string): boolean => basename(name, extname(name)) === ROUTES;

async function parsed(file: string, parseYaml: (text: string) => unknown): Promise<unknown> {
  const text = await readFile(file, 'utf8');
  return extname(file) === '.json' ? JSON.parse(text) : parseYaml(text);
}

function specItem(file: string, content: unknown): SpecFile {
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
