import { beforeAll } from 'vitest';
import { notificationQueueSuite } from '../conformance/notification-queue-suite.ts';
import { pretendAwsCredentials } from '../fakes/aws-environment.ts';
import { ELASTICMQ, startElasticMq } from './elasticmq.ts';

beforeAll(pretendAwsCredentials);

notificationQueueSuite(`ElasticMQ ${ELASTICMQ.version}`, async () => {
  const { endpoint, stop } = await startElasticMq();
  return { endpoint, pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)), close: stop };
});
