/** A queue of notifications on a server of SQS that is not ours: at NDR_SERVER_SQS, any keys allowed. */
import { notificationQueueSuite } from '../conformance/notification-queue-suite.ts';
import { pretendAwsCredentials } from '../fakes/aws-environment.ts';

pretendAwsCredentials();

const endpoint = process.env['NDR_SERVER_SQS'];
if (endpoint === undefined) throw new Error('NDR_SERVER_SQS is not set; give the address of an SQS server');

notificationQueueSuite('SQS', async () => ({
  endpoint,
  pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  close: async () => {},
}));
