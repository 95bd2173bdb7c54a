import { expect, it } from 'vitest';
import { createIntake, type Intake } from '../../src/consumers/intake.ts';
import { createMessageLedger } from '../../src/consumers/message-ledger.ts';
import type { Message, NotificationQueue } from '../../src/consumers/notification-queue.ts';
import type { PumpPorts } from '../../src/consumers/pump-ports.ts';

const NOW = Date.parse('2026-03-02T12:00:00Z');
const MINUTE = 60_000;

/** What one receipt after the other brings, and whether the queue is behind before each of them. */
async function behindBefore(
  receipts: readonly (readonly Message[])[],
  isOpen: (receipt: number) => boolean = () => true,
): Promise<{ behind: boolean[]; waits: number[] }> {
  const stop = new AbortController();
  const behind: boolean[] = [];
  const waits: number[] = [];
  let looks = 0;
  const queue: Partial<NotificationQueue> = {
    async receive({ waitSeconds }) {
      behind.push(intake.isBehind());
      waits.push(waitSeconds);
      if (behind.length > receipts.length) stop.abort();
      return [...(receipts[behind.length - 1] ?? [])];
    },
  };
  const ports = { clock: () => NOW, random: () => 0, queue } as Partial<PumpPorts> as PumpPorts;
  const ears = { onReceived() {}, onFault() {} };
  const know = (): never => {
    throw new Error('nothing is read');
  };
  const rules = { pollMs: 1, maxWaitMs: 10 * MINUTE };
  const intake: Intake = createIntake(ports, rules, createMessageLedger(), { warn() {} } as never, know, ears);
  await intake.receive(stop.signal, () => isOpen(looks++));
  return { behind, waits };
}

let last = 0;
const sent = (minutesAgo: number, receiveCount = 1): Message => ({
  ...{ id: `m${++last}`, receipt: 'r', body: '{}', sentAt: NOW - minutesAgo * MINUTE, receiveCount },
});

it('is behind until the queue was waited for and had nothing, or only what is young', async () => {
  const { behind, waits } = await behindBefore([[], [sent(60), sent(1)], [sent(1)], [], [sent(60, 2)], [sent(11)]]);
  // Its first answer came without a wait, from a part of the queue.
  expect(behind).toEqual([true, true, true, false, false, false, true]);
  expect(waits).toEqual([0, 1, 1, 20, 20, 20, 1]);
});

it('is behind again once it did not receive for a while', async () => {
  const { behind } = await behindBefore([[], [], [sent(1)]], (look) => look !== 2);
  expect(behind).toEqual([true, true, true, false]);
});
