/** A DynamoDB server of one's own, in this process, on a port of the loopback. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';
import { type DynamoDb, openDynamoDb } from '../../src/state/aws/dynamodb-client.ts';
import { pretendAwsCredentials } from '../fakes/aws-environment.ts';

export interface DynamoDbServer {
  readonly endpoint: string;
  readonly port: number;
  /** A connection like any other worker's. */
  connect(): DynamoDb;
  close(): Promise<void>;
}

export async function startDynamoDb(createTableMs = 0): Promise<DynamoDbServer> {
  pretendAwsCredentials();
  const server = dynalite({ createTableMs, deleteTableMs: 0, updateTableMs: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  const connections: DynamoDb[] = [];
  return {
    endpoint,
    port,
    connect() {
      const connection = openDynamoDb({ region: null, endpoint });
      connections.push(connection);
      return connection;
    },
    async close() {
      for (const connection of connections) connection.close();
      await new Promise<unknown>((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    },
  };
}
