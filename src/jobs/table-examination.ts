import type { Items } from '../state/items.ts';
import { keysOf, type TableShape, type Tables } from '../state/tables.ts';
import { error, type Finding, info, warning } from './finding.ts';
import { reachFinding } from './reach-finding.ts';

const WAY_THERE = 'check dynamodb.endpoint, the network and the server';

/** @returns whether the table is there with its keys */
export async function* examineTable(tables: Tables, shape: TableShape): AsyncGenerator<Finding, boolean> {
  const { name } = shape;
  try {
    const found = await tables.find(name);
    if (found === undefined) {
      yield error('tables', `table ${name} does not exist`, 'ndr provision');
      return false;
    }
    if (found.partitionKey !== shape.partitionKey || found.sortKey !== shape.sortKey) {
      const what = `table ${name} has ${keysOf(found)}, expected ${keysOf(shape)}`;
      yield error('tables', what, 'keys cannot be changed: name another table with tables.*, or remove this one');
      return false;
    }
  } catch (cause) {
    yield reachFinding('tables', cause, WAY_THERE);
    return false;
  }
  yield info('tables', `table ${name} is there, with ${keysOf(shape)}`);
  yield* examineRecovery(tables, name);
  return true;
}

async function* examineRecovery(tables: Tables, name: string): AsyncGenerator<Finding> {
  try {
    const recovery = await tables.recovery(name);
    if (recovery === 'off')
      yield warning('tables', `table ${name} cannot be brought back: point-in-time recovery is off`, 'ndr provision');
    else yield info('tables', `point-in-time recovery of table ${name} is ${recovery}`);
  } catch (cause) {
    const { what, remedy } = reachFinding('tables', cause, WAY_THERE);
    yield warning('tables', `whether table ${name} can be brought back is not known: ${what}`, remedy!);
  }
}

/** No project is called so. */
const PROBE = '_doctor';

/**
 * Whether the index can be read and, where asked for, written: an item is put, put again on condition, and removed.
 * @returns whether it can be read
 */
export async function* examineIndexTable(
  items: Items,
  table: string,
  isWriting: boolean,
): AsyncGenerator<Finding, boolean> {
  try {
    await items.keys(table, PROBE, {}, { limit: 1 });
    await items.get(table, PROBE, PROBE);
  } catch (cause) {
    yield reachFinding('tables', cause, WAY_THERE);
    return false;
  }
  if (!isWriting) return true;
  try {
    await items.put(table, PROBE, PROBE, {});
    const again = await items.put(table, PROBE, PROBE, {}, { absent: true });
    await items.remove(table, PROBE, PROBE);
    if (again === 'conflict') yield info('tables', `table ${table} can be written, on condition`);
    else
      yield error(
        'tables',
        `the server of table ${table} does not heed conditions: of two workers one would undo what the other committed`,
        'use a server that heeds them, as DynamoDB itself does',
      );
  } catch (cause) {
    yield reachFinding('tables', cause, WAY_THERE);
  }
  return true;
}
