import type { z } from 'zod';
import { DAY_MS, daysOf } from '../operators/time.ts';
import { literally } from './path-template.ts';
import { show } from './shown-value.ts';
import { unreadable, value } from './value-types.ts';

/** Parts of a time that the name of a mini-batch's folder may hold. Times are UTC. */
const PARTS = { yyyy: 4, mm: 2, dd: 2, HH: 2, MM: 2, SS: 2 } as const;
type Part = keyof typeof PARTS;
const isPart = (name: string): name is Part => Object.hasOwn(PARTS, name);

/** What is wrong with a template; undefined if it can be used. */
function idPatternFault(template: string): string | undefined {
  const named = [...template.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name!);
  const unknown = named.find((name) => !isPart(name));
  if (unknown !== undefined)
    return `has {${unknown}}; known are ${Object.keys(PARTS)
      .map((part) => `{${part}}`)
      .join(' ')}`;
  const has = (part: Part): boolean => named.includes(part);
  if (new Set(named).size < named.length) return 'holds a part twice';
  if (!has('HH') || !has('MM')) return 'lacks {HH} or {MM}, without which there is no slice';
  const dateParts = (['yyyy', 'mm', 'dd'] as const).filter(has).length;
  if (dateParts > 0 && dateParts < 3)
    return "holds part of a date; give {yyyy}, {mm} and {dd}, or none to take the path's";
  return undefined;
}

/** A template such as `{yyyy}{mm}{dd}T{HH}{MM}`. */
export const idPattern: z.ZodType<string> = value('a template such as {yyyy}{mm}{dd}T{HH}{MM}', (raw) => {
  if (typeof raw !== 'string' || raw.trim() === '') return undefined;
  const fault = idPatternFault(raw.trim());
  return fault === undefined ? raw.trim() : unreadable(`is ${show(raw)}, which ${fault}`);
});

/**
 * Reads the time that a folder's name holds, ms UTC. The template may stand anywhere in the name, but not inside a
 * longer number. Without date parts the date is the path's (`YYYY-MM-DD`). Answers what is wrong where it cannot.
 */
export function timeOfName(name: string, template: string, pathDate: string | null): number | string {
  const source = template.replace(/\{([a-zA-Z]+)\}|[^{}]+|[{}]/g, (token, part: string | undefined) =>
    part !== undefined && isPart(part) ? `(?<${part}>\\d{${PARTS[part]}})` : literally(token),
  );
  const groups = new RegExp(`(?<!\\d)${source}(?!\\d)`).exec(name)?.groups;
  if (groups === undefined) return `the folder's name ${show(name)} does not hold input.id_pattern ${show(template)}`;
  const [year, month, day] =
    groups['yyyy'] === undefined
      ? (pathDate ?? '').split('-').map(Number)
      : [groups['yyyy'], groups['mm'], groups['dd']].map(Number);
  const days = daysOf(year ?? 0, month ?? 0, day ?? 0);
  const [hour, minute, second] = [groups['HH'], groups['MM'], groups['SS'] ?? '0'].map(Number);
  if (Number.isNaN(days) || hour! > 23 || minute! > 59 || second! > 59) {
    return `the folder's name ${show(name)}, read by input.id_pattern ${show(template)}, holds no time of the calendar`;
  }
  return days * DAY_MS + (hour! * 3600 + minute! * 60 + second!) * 1000;
}
