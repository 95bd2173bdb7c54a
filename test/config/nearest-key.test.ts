import { describe, expect, it } from 'vitest';
import { nearestKey, suggestion } from '../../src/config/nearest-key.ts';

const KEYS = ['gc_grace_seconds', 'late_hours', 'shards', 'elastic-ecs'];

describe('nearestKey', () => {
  it.each([
    ['gc_grace_secods', 'gc_grace_seconds'],
    ['gc_garce_seconds', 'gc_grace_seconds'],
    ['LATE_HOURS', 'late_hours'],
    ['shrads', 'shards'],
    ['elastic', 'elastic-ecs'],
    ['colour', undefined],
    ['', undefined],
  ])('%s → %s', (word, nearest) => expect(nearestKey(word, KEYS)).toBe(nearest));

  it('says nothing where nothing is near', () => {
    expect(suggestion('shard', KEYS)).toBe('; did you mean shards?');
    expect(suggestion('colour', KEYS)).toBe('');
  });
});
