import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasEventBus, openEventBridge } from '../../../src/consumers/events/eventbridge.ts';
import type { Events } from '../../../src/consumers/events.ts';
import { eventsSuite, sinceLast } from '../../conformance/events-suite.ts';
import { pretendAwsCredentials } from '../../fakes/aws-environment.ts';
import { type EventBridgeServer, startEventBridgeServer } from '../../fakes/eventbridge-server.ts';
import { committed } from '../../support/stream-events.ts';

beforeAll(pretendAwsCredentials);

eventsSuite('EventBridge', async () => {
  const server = await startEventBridgeServer();
  const fresh = sinceLast(() => server.entries.map(({ Detail }) => Detail!));
  return {
    events: openEventBridge({ bus: 'ndr', region: 'eu-west-1', endpoint: server.endpoint }),
    hear: async () => fresh(),
    close: server.close,
  };
});

describe('EventBridge', () => {
  let server: EventBridgeServer;
  let events: Events;
  beforeEach(async () => {
    server = await startEventBridgeServer();
    events = openEventBridge({ bus: 'ndr', region: null, endpoint: server.endpoint });
  });
  afterEach(async () => {
    await events.close();
    await server.close();
  });
  const many = (count: number) => Array.from({ length: count }, (_, n) => committed(n));

  it('says whether a bus is there, or why that cannot be told', async () => {
    const asked = { bus: 'ndr', region: null, endpoint: server.endpoint };
    expect(await hasEventBus(asked)).toBe(true);
    expect(await hasEventBus({ ...asked, bus: 'elsewhere' })).toBe(false);
    server.trouble('DescribeEventBus', { is: 'refused', code: 'AccessDeniedException', status: 403 }, 1);
    await expect(hasEventBus(asked)).rejects.toThrow('allow events:DescribeEventBus');
  });

  it('is told source and type', async () => {
    await events.publish([committed(1)]);
    expect(server.entries).toMatchObject([{ EventBusName: 'ndr', Source: 'ndr.stream', DetailType: 'BatchCommitted' }]);
  });

  it('takes ten events a call', async () => {
    expect(await events.publish(many(23))).toEqual([]);
    expect(server.sizes).toEqual([10, 10, 3]);
  });

  it('is given fewer where they are long', async () => {
    const rows = { [`d${'x'.repeat(100_000)}`]: 1 };
    expect(await events.publish(many(5).map((event) => ({ ...event, rows })))).toEqual([]);
    expect(server.sizes).toEqual([2, 2, 1]);
  });

  it('says of each event that it did not take whether it may the next time', async () => {
    server.failEntries(1, 'ThrottlingException');
    server.failEntries(1, 'InternalFailure');
    server.failEntries(1, 'NotAuthorizedForSourceException');
    const faults = await events.publish(many(4));
    expect(faults.map(({ event, mayPass }) => ['mini_batch_id' in event && event.mini_batch_id, mayPass])).toEqual([
      ['mb-0', true],
      ['mb-1', true],
      ['mb-2', false],
    ]);
    expect(faults[2]!.why).toBe(
      'EventBridge: tell bus ndr of BatchCommitted: NotAuthorizedForSourceException: not taken',
    );
    expect(server.entries).toHaveLength(1);
  });

  it('says it of all events of a call that failed, and gives the others', async () => {
    server.trouble('PutEvents', { is: 'refused' }, 1);
    const faults = await events.publish(many(12));
    expect(faults).toHaveLength(10);
    expect(faults.every(({ mayPass }) => mayPass)).toBe(true);
    expect(faults[0]!.why).toContain('EventBridge: tell bus ndr: ServiceUnavailable (HTTP 503');
    server.trouble('PutEvents', { is: 'refused', code: 'AccessDeniedException', status: 400 }, 1);
    const [denied] = await events.publish(many(1));
    expect(denied).toMatchObject({ mayPass: false });
    expect(denied!.why).toContain('allow events:PutEvents to the role');
  });

  it('may pass where nobody answers', async () => {
    await server.close();
    expect(await events.publish(many(1))).toMatchObject([{ mayPass: true }]);
    server = await startEventBridgeServer();
  });
});
