import { describe, expect, it } from 'vitest';
import { createMessageLedger } from '../../src/consumers/message-ledger.ts';
import type { Message } from '../../src/consumers/notification-queue.ts';

const message = (id: string, receipt = `r-${id}`): Message => ({
  id,
  receipt,
  body: '',
  sentAt: null,
  receiveCount: 1,
});
const ids = (messages: readonly Message[]): string[] => messages.map(({ id }) => id);

describe('the ledger of messages', () => {
  it('ends a message when all its folders have ended, not before', () => {
    const ledger = createMessageLedger();
    ledger.hold(message('m'), ['a', 'b'], null);
    ledger.end('a', ledger.waitingFor('a'), null);
    expect(ledger.ended()).toEqual({ toRemove: [], toDeadLetter: [] });
    expect(ids(ledger.all())).toEqual(['m']);
    ledger.end('b', ledger.waitingFor('b'), null);
    expect(ids(ledger.ended().toRemove)).toEqual(['m']);
    // Hidden from others until the queue knows.
    expect(ids(ledger.all())).toEqual(['m']);
    ledger.settled([message('m')]);
    expect(ledger.all()).toEqual([]);
  });

  it('gives a message to the dead letters by the first cause that it met, after its other folders', () => {
    const ledger = createMessageLedger();
    ledger.hold(message('m'), ['a', 'b', 'c'], null);
    ledger.end('a', ledger.waitingFor('a'), 'no file can be read');
    ledger.end('b', ledger.waitingFor('b'), 'another');
    expect(ledger.ended()).toEqual({ toRemove: [], toDeadLetter: [] });
    ledger.end('c', ledger.waitingFor('c'), null);
    expect(ledger.ended().toDeadLetter).toEqual([{ message: message('m'), cause: 'no file can be read' }]);
  });

  it('ends what has no folder at once: without a cause it is removed, with one it is not', () => {
    const ledger = createMessageLedger();
    ledger.hold(message('test'), [], null);
    ledger.hold(message('noise'), [], 'it is no JSON');
    expect(ids(ledger.ended().toRemove)).toEqual(['test']);
    expect(ledger.ended().toDeadLetter.map(({ cause }) => cause)).toEqual(['it is no JSON']);
  });

  it('lets a run end only the messages that waited when it began', () => {
    const ledger = createMessageLedger();
    ledger.hold(message('early'), ['a'], null);
    const ofRun = ledger.waitingFor('a');
    ledger.hold(message('late'), ['a'], null);
    ledger.end('a', ofRun, null);
    expect(ids(ledger.ended().toRemove)).toEqual(['early']);
    expect(ids(ledger.all())).toEqual(['early', 'late']);
  });

  it('speaks of a message by the receipt that came last', () => {
    const ledger = createMessageLedger();
    ledger.hold(message('m', 'old'), ['a'], null);
    expect(ledger.renew(message('m', 'new'))).toBe(true);
    expect(ledger.renew(message('other'))).toBe(false);
    ledger.end('a', ledger.waitingFor('a'), null);
    expect(ledger.ended().toRemove.map(({ receipt }) => receipt)).toEqual(['new']);
  });
});
