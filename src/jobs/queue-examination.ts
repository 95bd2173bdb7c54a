import type { NotificationQueue, QueueFacts } from '../consumers/notification-queue.ts';
import { type Finding, info, warning } from './finding.ts';
import { reachFinding } from './reach-finding.ts';

/** Restarts at the wrong moment, and every twelve hours of an outage, are no fault of the message. */
const LEAST_RECEIPTS = 10;
/** A worker may compute for seconds on end before it prolongs what it holds. */
const LEAST_VISIBLE_SECONDS = 30;

/** Whether the queue and its dead letters can be reached, and whether their policies lose no notification. */
export async function* examineQueue(
  queue: Pick<NotificationQueue, 'examine'>,
  { url, visibilitySeconds }: { readonly url: string; readonly visibilitySeconds: number },
): AsyncGenerator<Finding> {
  let facts: QueueFacts;
  try {
    facts = await queue.examine();
  } catch (cause) {
    yield reachFinding('queue', cause, 'check queue.url, sqs.endpoint, the network and the server');
    return;
  }
  const { waiting, inHand } = facts.depth;
  yield info('queue', `${url} can be reached: ${waiting} notifications wait, ${inHand} are in hand`);
  if (visibilitySeconds < LEAST_VISIBLE_SECONDS)
    yield warning(
      'queue',
      `queue.visibility_seconds is ${visibilitySeconds}: a mini-batch may be handed to a second worker while the first is busy with it`,
      `set it to ${LEAST_VISIBLE_SECONDS} or more`,
    );
  yield* examineRedrive(url, facts);
  yield* examineDeadLetters(facts);
}

function* examineRedrive(url: string, { redrive }: QueueFacts): Generator<Finding> {
  const remedy = `give the queue a redrive policy to its dead letters with a maxReceiveCount of ${LEAST_RECEIPTS} or more`;
  if (redrive === null)
    yield warning(
      'queue',
      `${url} has no redrive policy: a notification that ends workers comes again for ever`,
      remedy,
    );
  else if (redrive.maxReceiveCount < LEAST_RECEIPTS)
    yield warning(
      'queue',
      `${url} gives a notification up after ${redrive.maxReceiveCount} receipts: each restart of a worker takes one of what it has in hand, and SQS hides nothing for more than 12 hours, so that half a day of an outage takes another`,
      remedy,
    );
}

function* examineDeadLetters({ deadLetters, redrive, retentionSeconds }: QueueFacts): Generator<Finding> {
  if (deadLetters === null) {
    const what = 'notifications that can never succeed go to quarantine only';
    yield info('dead_letters', what, 'set queue.dead_letter_url to have them in a queue');
    return;
  }
  if (deadLetters.is === 'out of reach') {
    const wayThere = 'check queue.dead_letter_url, sqs.endpoint, the network and the server';
    yield reachFinding('dead_letters', new Error(deadLetters.why), wayThere);
    return;
  }
  const kept = deadLetters.retentionSeconds;
  // A dead letter's age counts from when it was first sent.
  if (kept !== null && retentionSeconds !== null && kept <= retentionSeconds)
    yield warning(
      'dead_letters',
      `dead letters are kept ${kept} s, no longer than notifications (${retentionSeconds} s), whose age counts: one may be gone before anybody looks`,
      'set their MessageRetentionPeriod to 1209600 (14 days)',
    );
  if (redrive !== null && !deadLetters.takesRedriven)
    yield warning(
      'dead_letters',
      `the queue's redrive policy leads to ${redrive.deadLetterArn}, not to queue.dead_letter_url: dead letters lie in two places`,
      'let both name the same queue',
    );
  const count = deadLetters.depth.waiting + deadLetters.depth.inHand;
  if (count > 0)
    yield warning(
      'dead_letters',
      `${count} notifications lie among the dead letters`,
      'look at the attribute cause of each; correct what it says, then redrive them, or remove them',
    );
  else yield info('dead_letters', 'there are no dead letters');
}
