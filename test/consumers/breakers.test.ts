import { beforeEach, describe, expect, it } from 'vitest';
import { type Breakers, createBreakers, type HeldBack } from '../../src/consumers/breakers.ts';
import { Refused } from '../../src/state/refused.ts';
import { Unavailable } from '../../src/state/unavailable.ts';

const AWAY = new Unavailable('S3', 'GetObject of s3://raw/a', new Error('SlowDown'));
const DENIED = new Refused('S3', 'GetObject of s3://raw/a: AccessDenied; allow it', false);
const EXPIRED = new Refused('S3', 'GetObject of s3://raw/a: ExpiredToken; renew it', true);

let now: number;
let opened: HeldBack[];
let refused: string[];
let breakers: Breakers;
beforeEach(() => {
  [now, opened, refused] = [0, [], []];
  breakers = createBreakers(
    () => now,
    () => 0.5,
    { onOpen: (held) => opened.push(held), onRefused: (system) => refused.push(system) },
  );
});
const meet = (error: unknown, stream?: string, times = 3): void => {
  for (let n = 0; n < times; n++) breakers.met(error, stream);
};

describe('breakers', () => {
  it('of a system that is away, or refuses everything, hold back every stream', () => {
    for (const [error, why] of [
      [AWAY, null],
      [EXPIRED, EXPIRED.message],
    ] as const) {
      meet(error, 'a#v1');
      expect([breakers.worst(), breakers.ofStream('a#v1')]).toEqual(['open', 'closed']);
      expect(breakers.open()).toEqual([{ system: 'S3', stream: null, why }]);
      breakers.answered('S3');
      expect(breakers.worst()).toBe('closed');
    }
    expect(opened.map(({ why }) => why)).toEqual([null, EXPIRED.message]);
    expect(refused).toEqual(['S3', 'S3', 'S3']);
  });

  it('of what is refused to one stream hold back that one alone, until a mini-batch of it goes well', () => {
    meet(DENIED, 'a#v1');
    expect([breakers.worst(), breakers.ofStream('a#v1'), breakers.ofStream('b#v1')]).toEqual([
      'closed',
      'open',
      'closed',
    ]);
    expect(breakers.open()).toEqual([{ system: 'S3', stream: 'a#v1', why: DENIED.message }]);
    // That S3 answers, and that others are allowed, says nothing of this one.
    breakers.answered('S3');
    breakers.wentWell('b#v1');
    expect(breakers.ofStream('a#v1')).toBe('open');
    now = 60_000;
    expect(breakers.ofStream('a#v1')).toBe('half_open');
    breakers.wentWell('a#v1');
    expect(breakers.open()).toEqual([]);
    expect(opened).toHaveLength(1);
  });

  it('of a system that answers again close without any mini-batch; what it refused is to be allowed first', async () => {
    const away = new Unavailable('DynamoDB', 'Query', new Error('reset'));
    const denied = new Refused('DynamoDB', 'PutItem on table batch_index: allow it', true);
    const fine = async () => 'fine';
    meet(away);
    expect(await breakers.ask('DynamoDB', 'specs', fine)).toBe('fine');
    expect(breakers.worst()).toBe('closed');
    // Met by a mini-batch: that other things are allowed says nothing.
    meet(denied);
    await breakers.ask('DynamoDB', 'specs', fine);
    expect(breakers.worst()).toBe('open');
    const refused = async (): Promise<never> => {
      throw denied;
    };
    await expect(breakers.ask('DynamoDB', 'index', refused)).rejects.toBe(denied);
    meet(denied);
    await breakers.ask('DynamoDB', 'specs', fine);
    expect(breakers.worst()).toBe('open');
    await breakers.ask('DynamoDB', 'index', fine);
    expect(breakers.worst()).toBe('closed');
  });

  it('hear of a refusal that belongs to no stream, and hold back nothing for it', () => {
    meet(DENIED);
    expect(breakers.open()).toEqual([]);
    expect(refused).toHaveLength(3);
  });

  it('have nothing to do with other errors', () => {
    meet(new Error('a defect'), 'a#v1');
    expect([breakers.open(), opened, refused]).toEqual([[], [], []]);
  });
});
