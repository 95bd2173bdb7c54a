import { openBatchIndex } from '../../src/state/batch-index.ts';
import type { Items } from '../../src/state/items.ts';
import type { Lake } from '../../src/state/lake.ts';
import type { Store } from './mini-batches.ts';

/** Runs around every call of a port: `call` does what was asked for. */
export type Interference = (name: string, call: () => Promise<unknown>) => Promise<unknown>;

/** The stores with something happening around each call; lists are left alone. */
export function interferedWith({ root, lake, items }: Store, interfere: Interference): Store {
  const around = <T>(name: string, call: () => Promise<T>): Promise<T> => interfere(name, call) as Promise<T>;
  const someLake: Lake = {
    read: (path) => around('lake.read', () => lake.read(path)),
    exists: (path) => around('lake.exists', () => lake.exists(path)),
    list: (prefix) => lake.list(prefix),
    create: (path, bytes) => around('lake.create', () => lake.create(path, bytes)),
    remove: (path) => around('lake.remove', () => lake.remove(path)),
  };
  const someItems: Items = {
    get: (...place) => around('items.get', () => items.get(...place)),
    put: (...what) => around('items.put', () => items.put(...what)),
    query: (...where) => items.query(...where),
    keys: (...where) => around('items.keys', () => items.keys(...where)),
    remove: (...place) => around('items.remove', () => items.remove(...place)),
  };
  return { root, lake: someLake, items: someItems, index: openBatchIndex(someItems) };
}

export class Crash extends Error {
  override readonly name = 'Crash';
}

const WRITES: ReadonlySet<string> = new Set(['lake.create', 'lake.remove', 'items.put', 'items.remove']);

/**
 * Stops everything at the n-th write, from 0: just before it or just after it happened. `steps` counts the writes that
 * were asked for, so that a test can tell when n lies behind the last one.
 */
export function crashAt(n: number, moment: 'before' | 'after'): { readonly interfere: Interference; steps(): number } {
  let count = 0;
  let isDead = false;
  return {
    steps: () => count,
    async interfere(name, call) {
      if (isDead) throw new Crash(name);
      if (!WRITES.has(name)) return call();
      const isLast = count++ === n;
      if (isLast && moment === 'before') isDead = true;
      if (isDead) throw new Crash(name);
      const result = await call();
      if (!isLast) return result;
      isDead = true;
      throw new Crash(name);
    },
  };
}
