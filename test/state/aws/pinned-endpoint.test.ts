/** Every client goes to the endpoint that was set, and nowhere else. */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEventBridge } from '../../../src/consumers/events/eventbridge.ts';
import { openSqsQueue } from '../../../src/consumers/notification-queue/sqs.ts';
import { openDynamoDb } from '../../../src/state/aws/dynamodb-client.ts';
import { clientPlace, pinToEndpoint } from '../../../src/state/aws/pinned-endpoint.ts';
import { pretendAwsCredentials } from '../../fakes/aws-environment.ts';
import { committed } from '../../support/stream-events.ts';

/** Counts who comes, and answers nobody. */
async function startCounter(): Promise<{
  readonly url: string;
  readonly server: Server;
  readonly calls: () => number;
}> {
  let calls = 0;
  const server = createServer((_, response) => {
    calls++;
    response.writeHead(400).end('{}');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, calls: () => calls };
}

const NAMES = ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_SQS', 'AWS_ENDPOINT_URL_DYNAMODB', 'AWS_ENDPOINT_URL_EVENTBRIDGE'];

describe('with an endpoint', () => {
  let here: Awaited<ReturnType<typeof startCounter>>;
  let elsewhere: Awaited<ReturnType<typeof startCounter>>;
  beforeEach(async () => {
    pretendAwsCredentials();
    here = await startCounter();
    elsewhere = await startCounter();
    for (const name of NAMES) process.env[name] = elsewhere.url;
  });
  afterEach(() => {
    for (const name of [...NAMES, 'AWS_USE_FIPS_ENDPOINT']) delete process.env[name];
    for (const { server } of [here, elsewhere]) server.close();
  });

  const place = () => ({ region: null, endpoint: here.url });
  /** One call of each client, whatever comes of it. */
  const CALLS: Readonly<Record<string, () => Promise<unknown>>> = {
    DynamoDB: async () => openDynamoDb(place()).documents.get({ TableName: 'things', Key: { pk: 'a' } }),
    // The queue's own address names another host.
    SQS: async () =>
      openSqsQueue({ ...place(), url: `${elsewhere.url}/1/ndr`, deadLetterUrl: null, visibilitySeconds: 30 }).depth(),
    EventBridge: async () => openEventBridge({ ...place(), bus: 'ndr' }).publish([committed(1)]),
  };

  it.each(Object.keys(CALLS))('%s asks there, whatever the environment names', async (name) => {
    await CALLS[name]!().catch(() => {});
    expect([here.calls(), elsewhere.calls()]).toEqual([1, 0]);
  });

  it.each(Object.keys(CALLS))('%s goes nowhere else for FIPS', async (name) => {
    process.env['AWS_USE_FIPS_ENDPOINT'] = 'true';
    await CALLS[name]!().catch(() => {});
    expect(elsewhere.calls()).toBe(0);
  });

  it('a request that something would send elsewhere is refused', async () => {
    const { client } = openDynamoDb(place());
    client.middlewareStack.add(
      (next) => (args) => {
        Object.assign(args.request as object, { port: Number(new URL(elsewhere.url).port) });
        return next(args);
      },
      { step: 'build' },
    );
    await expect(client.send(new ListTablesCommand())).rejects.toThrow('was refused, since the endpoint is');
    expect([here.calls(), elsewhere.calls()]).toEqual([0, 0]);
  });
});

describe('the place of a client', () => {
  it('has any region at an endpoint, and the one that is found otherwise', () => {
    expect(clientPlace({ region: null, endpoint: null })).toEqual({});
    expect(clientPlace({ region: 'eu-central-1', endpoint: null })).toEqual({ region: 'eu-central-1' });
    const endpoint = 'http://127.0.0.1:9000';
    expect(clientPlace({ region: null, endpoint })).toEqual({ region: 'us-east-1', endpoint });
    expect(clientPlace({ region: 'eu-central-1', endpoint })).toEqual({ region: 'eu-central-1', endpoint });
  });

  it('is pinned at an endpoint alone', () => {
    const added: string[] = [];
    const stack = { add: (_: unknown, { name }: { readonly name: string }) => void added.push(name) };
    pinToEndpoint(stack, null);
    expect(added).toEqual([]);
    pinToEndpoint(stack, 'http://127.0.0.1:9000');
    expect(added).toEqual(['pinToEndpoint']);
  });
});
