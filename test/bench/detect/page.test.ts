import { expect, it } from 'vitest';
import { placed } from '../../../bench/detect/page.ts';

const HAND = '# Title\n\nBy hand.\n';

it('a part replaces its predecessor and leaves what was written by hand, and the other part', () => {
  const first = placed(HAND, 'captures', ['## Capture', 'one']);
  expect(first.startsWith(HAND)).toBe(true);
  const both = placed(first, 'office', ['## Office', 'two']);
  expect(both.indexOf('## Office')).toBeLessThan(both.indexOf('## Capture'));
  const again = placed(both, 'captures', ['## Capture', 'three']);
  expect(again).toContain('two');
  expect(again).toContain('three');
  expect(again).not.toContain('one');
  expect(again.startsWith(HAND)).toBe(true);
  expect(placed(again, 'captures', ['## Capture', 'three'])).toBe(again);
  expect(placed(again, 'office', ['## Office', 'two'])).toBe(again);
});
