/** Events on a server of EventBridge that is not ours: at NDR_SERVER_AWS, any keys allowed. */
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { canonicalJson } from '../../src/config/canonical-json.ts';
import { openEventBridge } from '../../src/consumers/events/eventbridge.ts';
import { eventsSuite, waitFor } from '../conformance/events-suite.ts';
import { pretendAwsCredentials } from '../fakes/aws-environment.ts';

pretendAwsCredentials();

const endpoint = process.env['NDR_SERVER_AWS'];
if (endpoint === undefined)
  throw new Error('NDR_SERVER_AWS is not set; give the address of a server of EventBridge and SQS');

/** A bus whose events of ours a rule puts into a queue, from which they are heard. */
eventsSuite('EventBridge', async () => {
  const place = { endpoint, region: 'us-east-1' };
  const sqs = new SQSClient({ ...place, useQueueUrlAsEndpoint: false });
  const bridge = new EventBridgeClient(place);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'heard' }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  const bus = { EventBusName: 'ndr' };
  await bridge.send(new CreateEventBusCommand({ Name: 'ndr' }));
  await bridge.send(new PutRuleCommand({ ...bus, Name: 'all', EventPattern: '{"source":["ndr.stream"]}' }));
  const Targets = [{ Id: 'queue', Arn: Attributes?.QueueArn }];
  await bridge.send(new PutTargetsCommand({ ...bus, Rule: 'all', Targets }));

  const more = async (): Promise<string[]> => {
    const asked = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600 });
    const { Messages = [] } = await sqs.send(asked);
    return Messages.map(({ Body = '{}' }) => canonicalJson((JSON.parse(Body) as { detail: unknown }).detail));
  };
  return {
    events: openEventBridge({ bus: 'ndr', ...place }),
    hear: (atLeast) => waitFor(atLeast, more),
    async close() {
      sqs.destroy();
      bridge.destroy();
    },
  };
});
