import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import { type AwsPlace, clientPlace, pinToEndpoint } from './pinned-endpoint.ts';
import { COUNT_RETRIES, retriesTo } from './retries.ts';

/** A connection to DynamoDB: `documents` for items, `client` for tables. */
export interface DynamoDb {
  readonly client: DynamoDBClient;
  readonly documents: DynamoDBDocument;
  close(): void;
}

const CONNECT_MS = 3_000;
const ANSWER_MS = 10_000;
const MOST_ATTEMPTS = 4;

/**
 * Opens no connection yet. With an endpoint every call goes there and nowhere else.
 *
 * @param onRetry hears of calls that were made again
 */
export function openDynamoDb(place: AwsPlace, onRetry: (times: number) => void = () => {}): DynamoDb {
  const client = new DynamoDBClient({
    ...clientPlace(place),
    ...(place.endpoint === null ? {} : { endpointDiscoveryEnabled: false }),
    maxAttempts: MOST_ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true },
  });
  client.middlewareStack.add(retriesTo(onRetry), COUNT_RETRIES);
  pinToEndpoint(client.middlewareStack, place.endpoint);
  // Every JSON number is a double: it goes out with the digits that tell it from all others, and comes back as it was.
  const documents = DynamoDBDocument.from(client, {
    marshallOptions: { allowImpreciseNumbers: true },
    unmarshallOptions: { wrapNumbers: Number },
  });
  return { client, documents, close: () => client.destroy() };
}
