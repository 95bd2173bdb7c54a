import type { z } from 'zod';
import { suggestionOrAll } from './nearest-key.ts';
import { show } from './shown-value.ts';

/** Where a payload comes from. `project` is known wherever the payload repeats it. */
export interface SpecPlace {
  readonly job: string;
  readonly version: string;
  readonly project?: string;
}

export interface Decoded<T> {
  readonly value: T;
  /** Each reads `<job>#<version>: <path>: <what>`. */
  readonly warnings: readonly string[];
}

/**
 * Specs that cannot be used: every fault at once, each `<job>#<version>: <path>: <fault>`. The warnings stand beside
 * them, since an unknown key often is the missing one.
 */
export class SpecError extends Error {
  override readonly name = 'SpecError';
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
  constructor(faults: readonly string[], warnings: readonly string[] = []) {
    const head = faults.length === 1 ? 'the spec has a fault' : `the specs have ${faults.length} faults`;
    super([`${head}:`, ...faults, ...warnings.map((warning) => `(${warning})`)].join('\n  '));
    this.faults = faults;
    this.warnings = warnings;
  }
}

/** Runs a decoder; its faults and warnings go to the lists, and there is no answer where it has faults. */
export function attempt<T>(decode: () => Decoded<T>, faults: string[], warnings: string[]): T | undefined {
  try {
    const decoded = decode();
    warnings.push(...decoded.warnings);
    return decoded.value;
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    faults.push(...error.faults);
    warnings.push(...error.warnings);
    return undefined;
  }
}

export const placeOf = ({ job, version }: SpecPlace): string => `${job}#${version}`;

/** `<place>: <path>: <what>`; the path of the payload itself is left out. */
export function at(place: string, path: string, what: string): string {
  return path === '' ? `${place}: ${what}` : `${place}: ${path}: ${what}`;
}

/**
 * Decodes a payload. Absent payloads are empty ones, and null or blank members are absent, so that every part takes
 * its default. Unknown keys become warnings that name the nearest known key; every other fault is collected and thrown.
 */
export function decodePayload<S extends z.ZodType>(schema: S, payload: unknown, place: string): Decoded<z.output<S>> {
  const given = withoutBlanks(payload ?? {});
  const first = schema.safeParse(given, { reportInput: true });
  if (first.success) return { value: first.data, warnings: [] };
  const unknown = first.error.issues.filter((issue) => issue.code === 'unrecognized_keys');
  const warnings = unknown.flatMap(({ path, keys }) => {
    const known = keysAt(schema, path);
    return keys.map((key) =>
      at(place, formatPath([...path, key]), `unknown key, ignored${suggestionOrAll(key, known)}`),
    );
  });
  const second = schema.safeParse(without(given, unknown), { reportInput: true });
  if (second.success) return { value: second.data, warnings };
  throw new SpecError(
    second.error.issues.map((issue) => at(place, formatPath(issue.path), faultOf(issue))),
    warnings,
  );
}

function faultOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_type') return issue.message;
  const expected = issue.expected === 'array' ? 'a list' : issue.expected === 'object' ? 'an object' : issue.expected;
  const { input } = issue as { readonly input?: unknown };
  return input === undefined ? `is missing; expected ${expected}` : `is ${show(input)}; expected ${expected}`;
}

function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? String(key) : `.${String(key)}`))
    .join('');
}

function withoutBlanks(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutBlanks);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([, member]) => member !== null && member !== undefined && !(typeof member === 'string' && member.trim() === ''),
  );
  return Object.fromEntries(kept.map(([key, member]) => [key, withoutBlanks(member)]));
}

function without(
  payload: unknown,
  unknown: readonly { readonly path: readonly PropertyKey[]; readonly keys: readonly string[] }[],
): unknown {
  const copy: unknown = structuredClone(payload);
  for (const { path, keys } of unknown) {
    let holder = copy as Record<PropertyKey, unknown>;
    for (const key of path) holder = holder[key] as Record<PropertyKey, unknown>;
    for (const key of keys) delete holder[key];
  }
  return copy;
}

interface SchemaShape {
  readonly innerType?: { readonly _zod: { readonly def: SchemaShape } };
  readonly in?: { readonly _zod: { readonly def: SchemaShape } };
  readonly out?: { readonly _zod: { readonly def: SchemaShape } };
  readonly element?: { readonly _zod: { readonly def: SchemaShape } };
  readonly shape?: Readonly<Record<string, { readonly _zod: { readonly def: SchemaShape } }>>;
  readonly type: string;
}

/** The keys that the schema's object at a path knows. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let shape = unwrap(schema._zod.def as unknown as SchemaShape);
  for (const key of path) {
    const inner = typeof key === 'number' ? shape.element : shape.shape?.[String(key)];
    if (inner === undefined) return [];
    shape = unwrap(inner._zod.def);
  }
  return Object.keys(shape.shape ?? {});
}

/** Steps through defaults, optionals and transforms to the object or list inside. */
function unwrap(shape: SchemaShape): SchemaShape {
  if (shape.innerType !== undefined) return unwrap(shape.innerType._zod.def);
  if (shape.type !== 'pipe') return shape;
  const before = shape.in?._zod.def;
  const side = before === undefined || before.type === 'transform' ? shape.out : shape.in;
  return side === undefined ? shape : unwrap(side._zod.def);
}
