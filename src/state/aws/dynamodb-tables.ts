import { setTimeout } from 'node:timers/promises';
import {
  CreateTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  UpdateContinuousBackupsCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import type { Recovery, Tables } from '../tables.ts';
import type { DynamoDb } from './dynamodb-client.ts';
import { dynamoDbFault, isMissingTable, isNotReady, isTableInUse, isUnknownOperation } from './dynamodb-fault.ts';

const MOST_WAIT_SECONDS = 300;
const MOST_TRIES = 30;
const TRY_AGAIN_MS = 2_000;

/** Tables of DynamoDB, on demand. None is ever altered or removed. */
export function openDynamoDbTables({ client }: DynamoDb): Tables {
  const settled = async (name: string): Promise<void> => {
    try {
      await waitUntilTableExists({ client, maxWaitTime: MOST_WAIT_SECONDS, minDelay: 1 }, { TableName: name });
    } catch (error) {
      throw dynamoDbFault(error, 'DescribeTable', name);
    }
  };

  return {
    async find(name) {
      try {
        const { Table: table } = await client.send(new DescribeTableCommand({ TableName: name }));
        if (table === undefined) return undefined;
        if (table.TableStatus === 'CREATING') await settled(name);
        const keyOf = (type: 'HASH' | 'RANGE'): string | null => {
          const key = table.KeySchema?.find(({ KeyType }) => KeyType === type)?.AttributeName ?? null;
          const kind = table.AttributeDefinitions?.find(({ AttributeName }) => AttributeName === key)?.AttributeType;
          // Text is the rule; anything else belongs to what the key is called.
          return key === null || kind === 'S' ? key : `${key} (${kind})`;
        };
        return { name, partitionKey: keyOf('HASH') ?? '', sortKey: keyOf('RANGE') };
      } catch (error) {
        if (isMissingTable(error)) return undefined;
        throw dynamoDbFault(error, 'DescribeTable', name);
      }
    },

    async create({ name, partitionKey, sortKey }) {
      const keys = [
        { AttributeName: partitionKey, KeyType: 'HASH' as const },
        ...(sortKey === null ? [] : [{ AttributeName: sortKey, KeyType: 'RANGE' as const }]),
      ];
      try {
        await client.send(
          new CreateTableCommand({
            TableName: name,
            KeySchema: keys,
            AttributeDefinitions: keys.map(({ AttributeName }) => ({ AttributeName, AttributeType: 'S' as const })),
            BillingMode: 'PAY_PER_REQUEST',
          }),
        );
      } catch (error) {
        if (!isTableInUse(error)) throw dynamoDbFault(error, 'CreateTable', name);
      }
      await settled(name);
    },

    recovery: (name) =>
      ifKnown('DescribeContinuousBackups', name, async () => {
        const { ContinuousBackupsDescription: found } = await client.send(
          new DescribeContinuousBackupsCommand({ TableName: name }),
        );
        const status = found?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
        return status === 'ENABLED' ? 'on' : 'off';
      }),

    switchRecoveryOn: (name) =>
      ifKnown('UpdateContinuousBackups', name, async () => {
        const update = new UpdateContinuousBackupsCommand({
          TableName: name,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        });
        for (let tries = 1; ; tries++) {
          try {
            await client.send(update);
            return 'on';
          } catch (error) {
            // A table that was made a moment ago has none of its backups ready.
            if (!isNotReady(error) || tries === MOST_TRIES) throw error;
            await setTimeout(TRY_AGAIN_MS);
          }
        }
      }),
  };
}

async function ifKnown(operation: string, table: string, call: () => Promise<Recovery>): Promise<Recovery> {
  try {
    return await call();
  } catch (error) {
    if (isUnknownOperation(error)) return 'unknown to the server';
    throw dynamoDbFault(error, operation, table);
  }
}
