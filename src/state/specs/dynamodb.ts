import { SpecError } from '../../config/spec-payload.ts';
import { wasSentAgain } from '../aws/aws-faults.ts';
import type { DynamoDb } from '../aws/dynamodb-client.ts';
import { dynamoDbFault, isConditionFault, isTooLarge, tooLargeFault } from '../aws/dynamodb-fault.ts';
import { isSame, type Json } from '../items.ts';
import { compareKeys } from '../key-order.ts';
import type { SpecStore, StoredRecord } from '../specs.ts';

export interface SpecTables {
  readonly parameters: string;
  readonly routing: string;
}

export const PARAMETERS_KEYS = { partitionKey: 'project_name', sortKey: 'job_name' } as const;
export const ROUTING_KEYS = { partitionKey: 'org_key', sortKey: null } as const;

type ReadFile = (location: string) => Promise<Uint8Array | undefined>;

/**
 * Specs and routes in DynamoDB tables. Sets come as lists and numbers as JSON has them.
 * @param readFile the bytes at an `s3://` location; undefined where there are none
 */
export function openDynamoDbSpecs({ documents }: DynamoDb, tables: SpecTables, readFile: ReadFile): SpecStore {
  const { parameters, routing } = tables;

  const itemsOf = async (project: string): Promise<StoredRecord[]> =>
    allOf('Query', parameters, (ExclusiveStartKey) =>
      documents.query({
        TableName: parameters,
        KeyConditionExpression: '#pk = :pk',
        ExpressionAttributeNames: { '#pk': PARAMETERS_KEYS.partitionKey },
        ExpressionAttributeValues: { ':pk': project },
        ConsistentRead: true,
        ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
      }),
    );

  const scan = (table: string): Promise<StoredRecord[]> =>
    allOf('Scan', table, (ExclusiveStartKey) =>
      documents.scan({
        TableName: table,
        ConsistentRead: true,
        ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
      }),
    );

  const add = async (
    table: string,
    keys: { readonly partitionKey: string; readonly sortKey: string | null },
    record: StoredRecord,
  ): Promise<StoredRecord | undefined> => {
    const names = [keys.partitionKey, ...(keys.sortKey === null ? [] : [keys.sortKey])];
    const Key = Object.fromEntries(names.map((name) => [name, record[name]]));
    try {
      await documents.put({
        TableName: table,
        Item: record,
        ConditionExpression: 'attribute_not_exists(#pk)',
        ExpressionAttributeNames: { '#pk': keys.partitionKey },
      });
      return undefined;
    } catch (error) {
      if (isTooLarge(error))
        throw tooLargeFault(error, table, names.map((name) => record[name]).join('/'), record, SMALLER);
      if (!isConditionFault(error)) throw dynamoDbFault(error, 'PutItem', table);
      const found = await documents.get({ TableName: table, Key, ConsistentRead: true }).catch((cause: unknown) => {
        throw dynamoDbFault(cause, 'GetItem', table);
      });
      // Removed between the two calls.
      if (found.Item === undefined) return add(table, keys, record);
      const present = plain(found.Item);
      const isOwn = wasSentAgain(error) && isSame(present as Json, record as Json);
      return isOwn ? undefined : present;
    }
  };

  return {
    async items(project) {
      const found = project === undefined ? await scan(parameters) : await itemsOf(project);
      return found.toSorted(byKeys(PARAMETERS_KEYS.partitionKey, PARAMETERS_KEYS.sortKey));
    },

    async routes() {
      return (await scan(routing)).toSorted(byKeys(ROUTING_KEYS.partitionKey));
    },

    async document(location) {
      if (!location.startsWith('s3://')) return undefined;
      const bytes = await readFile(location);
      if (bytes === undefined) return undefined;
      try {
        return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
      } catch (error) {
        throw new SpecError([`${location}: cannot be read as JSON: ${(error as Error).message}; correct it`]);
      }
    },

    addItem: (item) => add(parameters, PARAMETERS_KEYS, item),
    addRoute: (route) => add(routing, ROUTING_KEYS, route),
  };
}

interface Page {
  readonly Items?: readonly StoredRecord[] | undefined;
  readonly LastEvaluatedKey?: Record<string, unknown> | undefined;
}

async function allOf(
  operation: string,
  table: string,
  pageFrom: (start: Record<string, unknown> | undefined) => Promise<Page>,
): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const page = await pageFrom(start).catch((error: unknown) => {
      throw dynamoDbFault(error, operation, table);
    });
    records.push(...(page.Items ?? []).map(plain));
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return records;
}

/** As JSON has it. */
function plain(record: StoredRecord): StoredRecord {
  const plainValue = (value: unknown): unknown => {
    if (value instanceof Set) return [...value];
    if (Array.isArray(value)) return value.map(plainValue);
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
    return plain(value as StoredRecord);
  };
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, plainValue(value)]));
}

const byKeys =
  (...names: readonly string[]) =>
  (a: StoredRecord, b: StoredRecord): number => {
    for (const name of names) {
      const order = compareKeys(String(a[name]), String(b[name]));
      if (order !== 0) return order;
    }
    return 0;
  };

/** Any spec may lie elsewhere. */
const SMALLER = 'put its spec into a JSON document in S3, and that address into the item as its spec';
