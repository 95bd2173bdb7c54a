import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import { COUNT_RETRIES, retriesTo } from './retries.ts';

export interface DynamoDbOptions {
  /** Null: as the AWS clients find it (AWS_REGION, profile). */
  readonly region: string | null;
  /** Null: AWS itself. */
  readonly endpoint: string | null;
}

/** A connection to DynamoDB: `documents` for items, `client` for tables. */
export interface DynamoDb {
  readonly client: DynamoDBClient;
  readonly documents: DynamoDBDocument;
  close(): void;
}

const CONNECT_MS = 3_000;
const ANSWER_MS = 10_000;
const MOST_ATTEMPTS = 4;
/** Signatures name a region; a server that is not AWS takes any. */
const ANY_REGION = 'us-east-1';

/**
 * Opens no connection yet. With an endpoint every call goes there and nowhere else.
 *
 * @param onRetry hears of calls that were made again
 */
export function openDynamoDb(
  { region, endpoint }: DynamoDbOptions,
  onRetry: (times: number) => void = () => {},
): DynamoDb {
  const place =
    endpoint === null
      ? { ...(region === null ? {} : { region }) }
      : { region: region ?? ANY_REGION, endpoint, endpointDiscoveryEnabled: false };
  const client = new DynamoDBClient({
    ...place,
    maxAttempts: MOST_ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true },
  });
  client.middlewareStack.add(retriesTo(onRetry), COUNT_RETRIES);
  // Every JSON number is a double: it goes out with the digits that tell it from all others, and comes back as it was.
  const documents = DynamoDBDocument.from(client, {
    marshallOptions: { allowImpreciseNumbers: true },
    unmarshallOptions: { wrapNumbers: Number },
  });
  return { client, documents, close: () => client.destroy() };
}
