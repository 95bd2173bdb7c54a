import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import { type AwsPlace, clientPlace, pinToEndpoint } from './pinned-endpoint.ts';

/** A connection to DynamoDB: `documents` for items, `client` for tables. */
export interface DynamoDb {
  readonly client: DynamoDBClient;
  readonly documents: DynamoDBDocument;
  close(): void;
}

const CONNECT_MS = 3_000;
const ANSWER_MS = 10_000;
const MOST_ATTEMPTS = 4;

/** Opens no connection yet. With an endpoint every call goes there and nowhere else. */
export function openDynamoDb(place: AwsPlace): DynamoDb {
  const client = new DynamoDBClient({
    ...clientPlace(place),
    ...(place.endpoint === null ? {} : { endpointDiscoveryEnabled: false }),
    maxAttempts: MOST_ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true },
  });
  pinToEndpoint(client.middlewareStack, place.endpoint);
  // Every JSON number is a double: it goes out with the digits that tell it from all others, and comes back as it was.
  const documents = DynamoDBDocument.from(client, {
    marshallOptions: { allowImpreciseNumbers: true },
    unmarshallOptions: { wrapNumbers: Number },
  });
  return { client, documents, close: () => client.destroy() };
}
