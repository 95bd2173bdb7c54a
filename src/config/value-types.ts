import { z } from 'zod';
import { suggestion } from './nearest-key.ts';
import { show } from './shown-value.ts';

const WHY = Symbol('why');
/** What a reader answers where "expected ..." would not say enough. */
export interface Unreadable {
  readonly [WHY]: string;
}
export const unreadable = (why: string): Unreadable => ({ [WHY]: why });

function whyUnreadable(answer: unknown): string | undefined {
  return typeof answer === 'object' && answer !== null && WHY in answer ? String(answer[WHY]) : undefined;
}

/**
 * One value. `read` answers the decoded value, undefined where it is not what `expected` says, or why it is not.
 * Numbers and flags may come as text, since an environment variable holds nothing else.
 */
export function value<T>(expected: string, read: (raw: unknown) => T | undefined | Unreadable): z.ZodType<T> {
  return z
    .unknown()
    .transform((raw, context): T => {
      const answer = read(raw);
      const why = whyUnreadable(answer);
      if (answer !== undefined && why === undefined) return answer as T;
      const what = raw === undefined ? 'is missing' : `is ${show(raw)}`;
      context.issues.push({ code: 'custom', message: why ?? `${what}; expected ${expected}`, input: raw });
      return z.NEVER;
    })
    .describe(expected);
}

const DECIMAL = /^[+-]?\d+(\.\d+)?$/;
function numberOf(raw: unknown): number {
  if (typeof raw === 'number') return raw;
  return typeof raw === 'string' && DECIMAL.test(raw.trim()) ? Number(raw) : Number.NaN;
}
const textOf = (raw: unknown): string | undefined =>
  typeof raw === 'string' && raw.trim() !== '' ? raw.trim() : undefined;

export function wholeNumber(least: number, most: number): z.ZodType<number> {
  return value(`a whole number ${least}..${most}`, (raw) => {
    const n = numberOf(raw);
    return Number.isInteger(n) && n >= least && n <= most ? n : undefined;
  });
}

export function decimal(least: number, most: number): z.ZodType<number> {
  return value(`a number ${least}..${most}`, (raw) => {
    const n = numberOf(raw);
    return n >= least && n <= most ? n : undefined;
  });
}

export const flag: z.ZodType<boolean> = value('true or false', (raw) => {
  if (typeof raw === 'boolean') return raw;
  const lower = textOf(raw)?.toLowerCase();
  return lower === 'true' || lower === 'false' ? lower === 'true' : undefined;
});

export const text: z.ZodType<string> = value('text', textOf);

export function textLike(expected: string, pattern: RegExp): z.ZodType<string> {
  return value(expected, (raw) => {
    const found = textOf(raw);
    return found !== undefined && pattern.test(found) ? found : undefined;
  });
}

/** One of a few words, case ignored. */
export function oneOf<const T extends string>(...allowed: readonly T[]): z.ZodType<T> {
  return value<T>(`one of ${allowed.join(', ')}`, (raw) => {
    const word = textOf(raw);
    const hit = allowed.find((candidate) => candidate.toLowerCase() === word?.toLowerCase());
    if (hit !== undefined || word === undefined) return hit;
    return unreadable(`is ${show(raw)}; expected one of ${allowed.join(', ')}${suggestion(word, allowed)}`);
  });
}

/** A list; a single value stands for a list of one. */
export function listOf<T>(item: z.ZodType<T>): z.ZodType<readonly T[]> {
  return z.preprocess((raw) => (raw === undefined || Array.isArray(raw) ? raw : [raw]), z.array(item).readonly());
}

/** Words compared without case: lower-cased, each once, in the order given. */
export const words: z.ZodType<readonly string[]> = listOf(text).transform((list) => [
  ...new Set(list.map((word) => word.toLowerCase())),
]) as z.ZodType<readonly string[]>;

/**
 * What a schema's `meta` says of a key beside its values, for the reference of specs.
 * `usual`: what holds without the key where the schema cannot show it. `idle`: the key changes nothing here.
 */
export interface KeyNote {
  readonly doc?: string;
  readonly usual?: string;
  readonly idle?: true;
}

/** A key that other systems read and that changes nothing here. */
export const unused = z
  .unknown()
  .optional()
  .meta({ doc: 'read by other systems.', idle: true } satisfies KeyNote);

/**
 * A key of the older system that nothing here reads: accepted where it says what is done anyway, a fault where it
 * says otherwise.
 */
export function agreeing(what: string, agrees: (raw: unknown) => boolean) {
  return z
    .unknown()
    .superRefine((raw, context) => {
      if (!agrees(raw)) context.addIssue({ code: 'custom', message: `is ${show(raw)}; ${what}` });
    })
    .optional()
    .meta({ doc: `must agree: ${what}.`, idle: true } satisfies KeyNote);
}

/** {@link agreeing} for words, case ignored. */
export function agreeingWord(what: string, ...allowed: readonly string[]) {
  return agreeing(what, (raw) => typeof raw === 'string' && allowed.includes(raw.toLowerCase()));
}
