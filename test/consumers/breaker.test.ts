import { describe, expect, it } from 'vitest';
import { backOffMs } from '../../src/consumers/backoff.ts';
import { createBreaker } from '../../src/consumers/breaker.ts';

describe('a back-off', () => {
  const bounds = { leastMs: 100, mostMs: 1000 };

  it('doubles up to its most, half of it by chance', () => {
    const longest = [1, 2, 3, 4, 5, 50, 5000].map((failures) => backOffMs(failures, bounds, 0.999999));
    expect(longest.map(Math.round)).toEqual([100, 200, 400, 800, 1000, 1000, 1000]);
    expect([1, 2, 5].map((failures) => backOffMs(failures, bounds, 0))).toEqual([50, 100, 500]);
  });
});

describe('a breaker', () => {
  it('opens after three failures in a row, lets one try after a while, and waits longer each time', () => {
    const breaker = createBreaker(() => 0.5);
    breaker.failed(0);
    breaker.failed(1);
    expect(breaker.state(2)).toBe('closed');
    breaker.failed(10);
    expect(breaker.state(10)).toBe('open');
    expect(breaker.state(759)).toBe('open');
    expect(breaker.state(760)).toBe('half_open');
    breaker.failed(1000);
    expect(breaker.state(2499)).toBe('open');
    expect(breaker.state(2500)).toBe('half_open');
    for (let now = 3000; now < 60_000_000; now += 60_000) {
      breaker.failed(now);
      expect(breaker.state(now + 60_000)).toBe('half_open');
    }
  });

  it('counts what fails together once it is open as one failure', () => {
    const breaker = createBreaker(() => 0.5);
    for (let n = 0; n < 50; n++) breaker.failed(10);
    expect(breaker.state(759)).toBe('open');
    expect(breaker.state(760)).toBe('half_open');
  });

  it('is closed by one success, and takes three failures to open again', () => {
    const breaker = createBreaker(() => 0);
    for (const now of [0, 1, 2, 3000]) breaker.failed(now);
    breaker.succeeded();
    expect(breaker.state(3001)).toBe('closed');
    breaker.failed(3002);
    breaker.failed(3003);
    expect(breaker.state(3004)).toBe('closed');
    breaker.failed(3005);
    expect(breaker.state(3005)).toBe('open');
  });
});
