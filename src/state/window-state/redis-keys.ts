import { formatInstant, instantOfText, UTC } from '../../operators/time.ts';
import { plainPart } from '../partition.ts';
import type { BlockKey } from '../window-state.ts';

/**
 * Key of the index of one store, project and version: its sorted set names the values by the end of their slice. No part
 * holds a colon or a sign that a pattern gives a meaning to.
 */
export const indexKey = (store: string, project: string, version: string): string =>
  `ndr:${store}:${plainPart(project)}:${plainPart(version)}`;

/** Names the nth value of a block below its index. */
export function valueName({ sliceEnd, miniBatchId, manifest, shard, shards }: BlockKey, n: number): string {
  const block = `${plainPart(miniBatchId)}.${manifest.slice(0, 12)}.${shard}-of-${shards}`;
  return `${formatInstant(sliceEnd)}:${block}${n === 0 ? '' : `:${n}`}`;
}

/** Key of a value by its name. */
export const valueKey = (index: string, name: string): string => `${index}:${name}`;

/** The end of the slice that a value's name begins with; NaN if it begins otherwise. */
export const sliceEndOf = (name: string): number => instantOfText(name.slice(0, name.indexOf('Z') + 1), UTC);
