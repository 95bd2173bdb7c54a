/** Stands before a DynamoDB server that knows nothing of continuous backups, and answers for those itself. */

import { once } from 'node:events';
import { createServer, request as sendOn } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface RecoveringDynamoDb {
  readonly endpoint: string;
  /** Operations that were asked for, in order. */
  readonly operations: readonly string[];
  close(): Promise<void>;
}

/** @param notReady how often it says of a table that its backups are not ready yet */
export async function startRecoveringDynamoDb(port: number, notReady: number): Promise<RecoveringDynamoDb> {
  const enabled = new Set<string>();
  const operations: string[] = [];
  let left = notReady;
  const server = createServer(async (request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.')[1]!;
    operations.push(operation);
    if (!operation.endsWith('ContinuousBackups')) {
      const { method, url, headers } = request;
      const onward = sendOn({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
      return;
    }
    const { TableName: table } = JSON.parse(await text(request)) as { TableName: string };
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(body));
    };
    if (operation === 'UpdateContinuousBackups') {
      if (left-- > 0) {
        const __type = 'com.amazonaws.dynamodb.v20120810#ContinuousBackupsUnavailableException';
        answer(400, { __type, message: 'Backups are being enabled for the table' });
        return;
      }
      enabled.add(table);
    }
    const PointInTimeRecoveryStatus = enabled.has(table) ? 'ENABLED' : 'DISABLED';
    answer(200, {
      ContinuousBackupsDescription: {
        ContinuousBackupsStatus: 'ENABLED',
        PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus },
      },
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    operations,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
