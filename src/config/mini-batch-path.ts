import { daysOf } from '../operators/time.ts';
import { completeTemplate, type PathField, pathMatcher } from './path-template.ts';
import { show } from './shown-value.ts';

/** Where a mini-batch lies and what its path says of it. */
export interface MiniBatchPath {
  readonly miniBatchId: string;
  /** The mini-batch's folder, without a slash at its end. */
  readonly folder: string;
  readonly folderName: string;
  /** `YYYY-MM-DD` of the path. */
  readonly date: string;
  /** What the path says, and what its template's fields were bound to. */
  readonly fields: Readonly<Partial<Record<PathField, string>>>;
}

export type PathAnswer =
  | { readonly is: 'mini-batch'; readonly path: MiniBatchPath }
  /** `fits`: the path is of the template's shape, but something in it is not so. */
  | { readonly is: 'fault'; readonly why: string; readonly fits: boolean };

export interface PathRules {
  /** Ingestion prefix or template; absent: any folders before the date. */
  readonly template?: string | undefined;
  /** Values that the template's fields must have. */
  readonly bound?: Readonly<Partial<Record<PathField, string>>>;
  /** How the id is made where folder names are not unique in the project, e.g. `{org2}-{yyyy}{mm}{dd}-{mini_batch_id}`. */
  readonly miniBatchIdTemplate?: string | null;
}

const DATA_FILE = /^[^_.].*\.(?:gz|json|jsonl|ndjson)$/i;

/** Whether a file of a mini-batch's folder holds records, by its name. Names that start with _ or . never do. */
export const isDataFile = (name: string): boolean => DATA_FILE.test(name);

const UNROOTED = '.../{yyyy}/{mm}/{dd}/{mini_batch_id}';
/** S3 keys are at most 1,024 bytes; the bucket and the scheme come before. */
const MAX_PATH = 2_048;
const MAX_ID = 200;

/** Reads the path of a mini-batch's folder, `<root>/.../YYYY/MM/DD/<mini_batch_id>`. */
export function readMiniBatchFolder(folder: string, rules: PathRules = {}): PathAnswer {
  const plain = folder.replace(/\/+$/, '');
  if (plain.length > MAX_PATH) return fault(`a path of ${plain.length} characters is no path of a mini-batch`, false);
  const template = rules.template === undefined ? UNROOTED : completeTemplate(rules.template);
  const matcher = pathMatcher(template, rules.bound ?? {});
  const found = matcher(rules.template === undefined ? plain.replace(/^([a-z][a-z0-9+.-]*:\/\/)?\/*/i, '') : plain);
  if (found === undefined) return fault(`${show(plain)} is no folder of a mini-batch; expected ${template}`, false);
  const fields = { ...rules.bound, ...found };
  const { yyyy = '', mm = '', dd = '' } = fields;
  const date = `${yyyy}-${mm}-${dd}`;
  if (Number.isNaN(daysOf(Number(yyyy), Number(mm), Number(dd)))) {
    return fault(`${show(plain)} is dated ${date}, which is no date of the calendar`, true);
  }
  const miniBatchId = renderMiniBatchId(rules.miniBatchIdTemplate ?? '{mini_batch_id}', fields);
  const idFault = miniBatchIdFault(miniBatchId);
  if (idFault !== undefined)
    return fault(`${show(plain)} gives the mini-batch id ${show(miniBatchId)}, which ${idFault}`, true);
  const folderName = plain.slice(plain.lastIndexOf('/') + 1);
  return { is: 'mini-batch', path: { miniBatchId, folder: plain, folderName, date, fields } };
}

function renderMiniBatchId(template: string, fields: Readonly<Partial<Record<PathField, string>>>): string {
  return template.replace(/\{([^{}]*)\}/g, (token, name: string) => fields[name as PathField] ?? token);
}

/** Why a text cannot be a mini-batch's id; undefined if it can. */
function miniBatchIdFault(id: string): string | undefined {
  if (id === '' || id === '.' || id === '..') return 'names no folder';
  if (id.length > MAX_ID) return `is longer than ${MAX_ID} characters`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f/]/.test(id)) return 'holds a slash or a control character';
  const missing = /\{([^{}]*)\}/.exec(id)?.[0];
  return missing === undefined ? undefined : `needs ${missing}, which the path does not say`;
}

const fault = (why: string, fits: boolean): PathAnswer => ({ is: 'fault', why, fits });
