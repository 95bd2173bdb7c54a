import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A fault as AWS tells it. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, message: string = code, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** Answers one operation; `gone` is aborted when the caller does not wait any more. */
export type Operation = (input: never, gone: AbortSignal) => unknown;

/** What goes wrong with the next calls of an operation. */
export interface Trouble {
  /** refused: not done, and said so; unanswered: done, but the answer never comes. */
  readonly is: 'refused' | 'unanswered';
  readonly status?: number;
  readonly code?: string;
}

export interface AwsJsonServer {
  readonly endpoint: string;
  /** Calls so far, by operation, failed ones included. */
  readonly calls: ReadonlyMap<string, number>;
  trouble(operation: string, trouble: Trouble, times: number): void;
  close(): Promise<void>;
}

export interface AwsJsonProtocol {
  /** As in the header X-Amz-Target. */
  readonly target: string;
  /** Before the code of a fault. */
  readonly namespace: string;
  readonly version: '1.0' | '1.1';
}

/** A server of the JSON protocols of AWS: every call a POST of JSON to /, its operation in a header. */
export async function startAwsJsonServer(
  { target, namespace, version }: AwsJsonProtocol,
  operationsAt: (endpoint: string) => Readonly<Record<string, Operation>>,
  port = 0,
): Promise<AwsJsonServer> {
  const troubles = new Map<string, Trouble[]>();
  const calls = new Map<string, number>();
  let operations: Readonly<Record<string, Operation>> = {};

  const answer = (
    response: ServerResponse,
    status: number,
    body: unknown,
    headers: Record<string, string> = {},
  ): void => {
    const type = `application/x-amz-json-${version}`;
    response.writeHead(status, { 'content-type': type, 'x-amzn-requestid': randomUUID(), ...headers });
    response.end(JSON.stringify(body));
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await textOf(request);
    const name = String(request.headers['x-amz-target']).replace(`${target}.`, '');
    calls.set(name, (calls.get(name) ?? 0) + 1);
    const trouble = troubles.get(name)?.shift();
    try {
      if (trouble?.is === 'refused')
        throw new AwsError(trouble.code ?? 'ServiceUnavailable', 'try later', trouble.status ?? 503);
      const operation = operations[name];
      if (operation === undefined) throw new AwsError('UnknownOperationException', `there is no operation ${name}`);
      const gone = new AbortController();
      response.once('close', () => gone.abort());
      const output = await operation(JSON.parse(body === '' ? '{}' : body) as never, gone.signal);
      if (trouble?.is === 'unanswered') request.socket.destroy();
      else answer(response, 200, output ?? {});
    } catch (error) {
      const { code, status, message } =
        error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), 500);
      const blame = status >= 500 ? 'Receiver' : 'Sender';
      answer(
        response,
        status,
        { __type: `${namespace}#${code}`, message },
        { 'x-amzn-query-error': `${code};${blame}` },
      );
    }
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  operations = operationsAt(endpoint);
  return {
    endpoint,
    calls,
    trouble(operation, trouble, times) {
      troubles.set(operation, [...(troubles.get(operation) ?? []), ...Array.from({ length: times }, () => trouble)]);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
