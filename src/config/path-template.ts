import { suggestion } from './nearest-key.ts';

/** A pattern that fits the text itself. */
export const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** What a path template may name, and what each stands for in a path. */
const FIELDS = {
  vendor: '[^/]+?',
  project: '[^/]+?',
  org1: '[^/]+?',
  org2: '[^/]+?',
  yyyy: '\\d{4}',
  mm: '\\d{2}',
  dd: '\\d{2}',
  mini_batch_id: '[^/]+?',
} as const;
export type PathField = keyof typeof FIELDS;
export const PATH_FIELDS = Object.keys(FIELDS) as readonly PathField[];
const isField = (name: string): name is PathField => Object.hasOwn(FIELDS, name);

/** Stands for any number of folders. */
export const ANY_FOLDERS = '...';
const FIELD = /\{([^{}]*)\}/g;

/** Fields that a template names, in its order. */
export const fieldsOf = (template: string): string[] => [...template.matchAll(FIELD)].map(([, name]) => name!);

/**
 * The whole template of a mini-batch's folder. A prefix without a date is followed by any folders, the date and the
 * mini-batch's folder: `s3://bucket/paloalto/acme` is `s3://bucket/paloalto/acme/.../{yyyy}/{mm}/{dd}/{mini_batch_id}`.
 */
export function completeTemplate(prefix: string): string {
  const root = prefix.replace(/\/+$/, '');
  const fields = fieldsOf(root);
  const dated = fields.includes('yyyy') ? root : `${root}/${ANY_FOLDERS}/{yyyy}/{mm}/{dd}`;
  return fields.includes('mini_batch_id') ? dated : `${dated}/{mini_batch_id}`;
}

/** What is wrong with a complete template; undefined if it can be used. */
export function templateFault(template: string): string | undefined {
  const fields = fieldsOf(template);
  const unknown = fields.find((name) => !isField(name));
  if (unknown !== undefined) {
    const known = PATH_FIELDS.map((name) => `{${name}}`).join(' ');
    return `has {${unknown}}; known are ${known}${suggestion(unknown, PATH_FIELDS)}`;
  }
  if (/[{}]/.test(template.replace(FIELD, ''))) return 'has a brace that closes or opens nothing';
  const date = ['yyyy', 'mm', 'dd'].filter((name) => !fields.includes(name));
  if (date.length > 0) return `lacks ${date.map((name) => `{${name}}`).join(' ')}`;
  const last = template.slice(template.lastIndexOf('/') + 1);
  return fieldsOf(last).includes('mini_batch_id') ? undefined : 'must end in the folder of {mini_batch_id}';
}

/** The parts of a folder's path that a template names; undefined where the path is not of its shape. */
export type PathMatcher = (folder: string) => Readonly<Partial<Record<PathField, string>>> | undefined;

/** Compiles a complete template. A bound field stands for its value only. */
export function pathMatcher(template: string, bound: Readonly<Partial<Record<PathField, string>>>): PathMatcher {
  const seen = new Set<string>();
  const segments = template.split('/').map((segment) => {
    if (segment === ANY_FOLDERS) return '(?:[^/]+/)*?';
    const source = segment.replace(/\{([^{}]*)\}|[^{}]+/g, (token, name: string | undefined) => {
      if (name === undefined || !isField(name)) return literally(token);
      const value = bound[name];
      if (seen.has(name)) return `\\k<${name}>`;
      seen.add(name);
      return `(?<${name}>${value === undefined ? FIELDS[name] : literally(value)})`;
    });
    return `${source}/`;
  });
  const pattern = new RegExp(`^${segments.join('')}$`);
  return (folder) => pattern.exec(folder.endsWith('/') ? folder : `${folder}/`)?.groups;
}

/** The template with the fields written out whose values are known. */
export const fillTemplate = (template: string, values: Readonly<Partial<Record<PathField, string>>>): string =>
  template.replace(FIELD, (token, name: string) => (isField(name) ? (values[name] ?? token) : token));

/** Whether the name of one folder is what a segment of a template stands for. */
export function segmentMatcher(segment: string): (name: string) => boolean {
  const matches = pathMatcher(segment, {});
  return (name) => matches(name) !== undefined;
}
