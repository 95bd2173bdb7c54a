import { randomUUID } from 'node:crypto';
import { wasSentAgain } from '../aws/aws-faults.ts';
import type { DynamoDb } from '../aws/dynamodb-client.ts';
import { dynamoDbFault, isConditionFault, isTooLarge, tooLargeFault } from '../aws/dynamodb-fault.ts';
import {
  type Condition,
  type Item,
  type Items,
  type Json,
  type KeyedItem,
  type KeyOrder,
  type KeyRange,
  keyFault,
  meets,
} from '../items.ts';
import { compareKeys } from '../key-order.ts';

/** Keys of the tables. */
export const PARTITION_KEY = 'project_name';
export const SORT_KEY = 'sk';
/** Another one for each put. A put that was sent twice, its first answer lost, knows itself by it. */
const PUT_TOKEN = 'put_token';

type Stored = Readonly<Record<string, Json>>;

/**
 * Items in DynamoDB: an attribute of the item is one of the record, so that a console shows what the index says. Names
 * that the record needs itself (and the empty one, which it cannot have) are stored with a `=` before them.
 *
 * Every read is consistent, and a put happens in the one write that its condition guards.
 */
export function openDynamoDbItems({ documents }: DynamoDb): Items {
  const holding = async <T>(operation: string, table: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      throw dynamoDbFault(error, operation, table);
    }
  };

  const read = async (table: string, pk: string, sk: string): Promise<Stored | undefined> => {
    const Key = keyOf(table, pk, sk);
    const found = await holding('GetItem', table, () => documents.get({ TableName: table, Key, ConsistentRead: true }));
    return found.Item as Stored | undefined;
  };

  const putOn = async (
    table: string,
    pk: string,
    sk: string,
    item: Item,
    expression: Expression,
  ): Promise<'stored' | 'conflict'> => {
    const token = randomUUID();
    const record = { ...recordOf(item), ...keyOf(table, pk, sk), [PUT_TOKEN]: token };
    try {
      await documents.put({ TableName: table, Item: record, ...expression });
      return 'stored';
    } catch (error) {
      if (isTooLarge(error)) throw tooLargeFault(error, table, `${pk}/${sk}`, item, SMALLER);
      if (!isConditionFault(error)) throw dynamoDbFault(error, 'PutItem', table);
      if (!wasSentAgain(error)) return 'conflict';
      return (await read(table, pk, sk))?.[PUT_TOKEN] === token ? 'stored' : 'conflict';
    }
  };

  /** Pages of what lies in the range; `limit` is asked of the server, which may give more pages than one up to it. */
  async function* pages(
    table: string,
    pk: string,
    range: KeyRange,
    { reverse = false, limit = Number.POSITIVE_INFINITY }: KeyOrder = {},
    isKeysAlone = false,
  ): AsyncGenerator<readonly Stored[]> {
    checkKey(table, pk);
    const condition = keyCondition(pk, range);
    if (condition === undefined) return;
    const names = { ...condition.ExpressionAttributeNames, '#sk': SORT_KEY };
    const projection = isKeysAlone ? { ProjectionExpression: '#sk', ExpressionAttributeNames: names } : {};
    let start: Stored | undefined;
    for (let left = limit; left > 0; ) {
      const page = await holding('Query', table, () =>
        documents.query({
          TableName: table,
          ...condition,
          ...projection,
          ConsistentRead: true,
          ScanIndexForward: !reverse,
          ...(Number.isFinite(left) ? { Limit: left } : {}),
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        }),
      );
      const found = (page.Items ?? []) as readonly Stored[];
      yield found;
      left -= found.length;
      start = page.LastEvaluatedKey as Stored | undefined;
      if (start === undefined) return;
    }
  }

  return {
    async get(table, pk, sk) {
      const found = await read(table, pk, sk);
      return found && itemOf(found);
    },

    async put(table, pk, sk, item, condition) {
      if (!isOfLists(condition)) return putOn(table, pk, sk, item, expressionOf(condition));
      for (;;) {
        const present = await read(table, pk, sk);
        if (present === undefined || !meets(condition, itemOf(present))) return 'conflict';
        if ((await putOn(table, pk, sk, item, sameRecord(present))) === 'stored') return 'stored';
      }
    },

    async *query(table, pk, range = {}) {
      for await (const page of pages(table, pk, range))
        for (const record of page) yield { sk: record[SORT_KEY] as string, item: itemOf(record) } satisfies KeyedItem;
    },

    async keys(table, pk, range = {}, order = {}) {
      const keys: string[] = [];
      for await (const page of pages(table, pk, range, order, true))
        for (const record of page) keys.push(record[SORT_KEY] as string);
      return keys;
    },

    async remove(table, pk, sk) {
      const Key = keyOf(table, pk, sk);
      await holding('DeleteItem', table, () => documents.delete({ TableName: table, Key }));
    },
  };
}

const RESERVED = /^=*(?:project_name|sk|put_token)?$/;
const ESCAPED = /^=+(?:project_name|sk|put_token)?$/;

const nameOf = (attribute: string): string => (RESERVED.test(attribute) ? `=${attribute}` : attribute);

const recordOf = (item: Item): Stored =>
  Object.fromEntries(Object.entries(item).map(([name, value]) => [nameOf(name), value]));

function itemOf(record: Stored): Item {
  const attributes = Object.entries(record).flatMap(([name, value]): [string, Json][] => {
    if (ESCAPED.test(name)) return [[name.slice(1), value]];
    return RESERVED.test(name) ? [] : [[name, value]];
  });
  return Object.fromEntries(attributes);
}

function keyOf(table: string, pk: string, sk: string): Record<string, string> {
  checkKey(table, pk);
  checkKey(table, sk);
  return { [PARTITION_KEY]: pk, [SORT_KEY]: sk };
}

function checkKey(table: string, key: string): void {
  const fault = keyFault(key);
  if (fault !== undefined) throw new Error(`DynamoDB table ${table}: key ${JSON.stringify(key)} ${fault}`);
}

interface Expression {
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, Json>;
}

function expressionOf(condition: Condition | undefined): Expression {
  if (condition === undefined) return {};
  if ('absent' in condition)
    return { ConditionExpression: 'attribute_not_exists(#sk)', ExpressionAttributeNames: { '#sk': SORT_KEY } };
  return matching(Object.entries(condition.matches).map(([name, value]) => [nameOf(name), value]));
}

/** The record that was read, and none that was put since. */
function sameRecord({ [PUT_TOKEN]: token }: Stored): Expression {
  if (token !== undefined) return matching([[PUT_TOKEN, token]]);
  return {
    ConditionExpression: 'attribute_exists(#sk) AND attribute_not_exists(#token)',
    ExpressionAttributeNames: { '#sk': SORT_KEY, '#token': PUT_TOKEN },
  };
}

function matching(attributes: readonly (readonly [name: string, value: Json])[]): Expression {
  const clauses = attributes.map((_, i) => `#a${i} = :v${i}`);
  const names = attributes.map(([name], i) => [`#a${i}`, name]);
  const values = attributes.map(([, value], i) => [`:v${i}`, value]);
  return {
    ConditionExpression: ['attribute_exists(#sk)', ...clauses].join(' AND '),
    ExpressionAttributeNames: { '#sk': SORT_KEY, ...Object.fromEntries(names) },
    ...(values.length === 0 ? {} : { ExpressionAttributeValues: Object.fromEntries(values) }),
  };
}

/** Servers do not all compare lists and maps by what they hold. Such a condition is judged here, on the record as read. */
const isOfLists = (condition: Condition | undefined): condition is { readonly matches: Item } =>
  condition !== undefined &&
  'matches' in condition &&
  Object.values(condition.matches).some((value) => typeof value === 'object' && value !== null);

/** Undefined where the range holds no key: the server refuses ends that are the wrong way round, or empty. */
function keyCondition(pk: string, { from, to }: KeyRange) {
  if (to === '' || (from !== undefined && to !== undefined && compareKeys(from, to) > 0)) return undefined;
  const [low, high] = [from === '' ? undefined : from, to];
  const within =
    low !== undefined && high !== undefined
      ? ' AND #sk BETWEEN :from AND :to'
      : low !== undefined
        ? ' AND #sk >= :from'
        : high !== undefined
          ? ' AND #sk <= :to'
          : '';
  return {
    KeyConditionExpression: `#pk = :pk${within}`,
    ExpressionAttributeNames: { '#pk': PARTITION_KEY, ...(within === '' ? {} : { '#sk': SORT_KEY }) },
    ExpressionAttributeValues: {
      ':pk': pk,
      ...(low === undefined ? {} : { ':from': low }),
      ...(high === undefined ? {} : { ':to': high }),
    },
  };
}

const SMALLER = 'a mini-batch of so many raw files has to be delivered as several, or in fewer, larger files';
