import { describe, expect, it } from 'vitest';
import { isInOtherHands, lineOf, oneToTry, turnOf } from '../../src/consumers/stream-line.ts';
import { candidateOf } from '../../src/consumers/take-mini-batch.ts';
import { type FolderState, type TrackedFolder, trackFolder } from '../../src/consumers/tracked-folder.ts';

const WAIT = 120_000;
const NOON = Date.parse('2026-03-02T12:00:00Z');

function folder(id: string, sliceEnd: number | null, state: FolderState, readySince = NOON): TrackedFolder {
  const candidate = candidateOf(`logs/2026/03/02/${id}`, sliceEnd === null ? undefined : { sliceEnd });
  return { ...trackFolder('p#v1', candidate, null, NOON), state, readySince };
}
const namesOf = (line: readonly TrackedFolder[]): string[] => line.map(({ candidate }) => candidate.miniBatchId);

describe('the line of a stream', () => {
  it('holds what is ready, by slice, then id', () => {
    const folders = [
      folder('z', 1000, 'ready'),
      folder('b', 2000, 'ready'),
      folder('a', 2000, 'ready'),
      folder('first', 0, 'waiting'),
      folder('done', 0, 'resting'),
      folder('now', 0, 'running'),
    ];
    expect(namesOf(lineOf(folders))).toEqual(['z', 'a', 'b']);
  });
});

describe('which of a line is tried while something is refused', () => {
  const failed = (one: TrackedFolder, failures: number): TrackedFolder => ({ ...one, failures });

  it('is the first, as long as anything would wait for it', () => {
    const line = [failed(folder('a', 1000, 'ready'), 5), folder('b', 2000, 'ready')];
    expect(oneToTry(line, NOON + WAIT - 1, WAIT)).toBe(line[0]);
    expect(oneToTry([], NOON, WAIT)).toBeUndefined();
  });

  it('is then the one that was tried least', () => {
    const line = [
      failed(folder('a', 1000, 'ready'), 5),
      failed(folder('b', 2000, 'ready'), 2),
      failed(folder('c', 3000, 'ready'), 2),
      folder('d', 4000, 'ready', NOON + 1),
    ];
    expect(oneToTry(line, NOON + WAIT, WAIT)).toBe(line[1]);
    expect(oneToTry(line, NOON + WAIT + 1, WAIT)).toBe(line[3]);
    const first = [failed(line[0]!, 2), line[1]!];
    expect(oneToTry(first, NOON + WAIT, WAIT)).toBe(first[0]);
  });
});

describe('the first of a line', () => {
  const first = folder('m', 2000, 'ready');
  const isHeld = (others: TrackedFolder[], now = NOON, elsewhere: Parameters<typeof turnOf>[2] = []): boolean =>
    turnOf(first, others, elsewhere, now, WAIT) === 'waits';

  it('waits for an earlier one that still comes, as long as the setting says', () => {
    expect(isHeld([folder('z', 1000, 'waiting')])).toBe(true);
    expect(isHeld([folder('l', 2000, 'waiting')])).toBe(true);
    expect(isHeld([folder('z', 1000, 'waiting')], NOON + WAIT - 1)).toBe(true);
    expect(isHeld([folder('z', 1000, 'waiting')], NOON + WAIT)).toBe(false);
  });

  it('that has waited as long as it may is overdue; one that never waited is not', () => {
    const earlier = [folder('z', 1000, 'waiting')];
    const over = NOON + WAIT;
    expect(turnOf({ ...first, hasWaited: true }, earlier, [], over, WAIT)).toBe('overdue');
    expect(turnOf({ ...first, hasWaited: true }, [], [], over, WAIT)).toBe('its turn');
    expect(turnOf(first, earlier, [], over, WAIT)).toBe('its turn');
  });

  it('waits for none that has failed for as long as anything is waited for', () => {
    const failing = { ...folder('z', 1000, 'waiting'), failures: 3, failingSince: NOON - WAIT + 1 };
    expect(isHeld([failing])).toBe(true);
    expect(isHeld([failing], NOON + 1)).toBe(false);
  });

  it('waits for none that is later, has ended, or stands in line itself', () => {
    expect(isHeld([folder('n', 2000, 'waiting'), folder('a', 3000, 'waiting')])).toBe(false);
    expect(isHeld([folder('a', 1000, 'resting'), folder('b', 3000, 'ready')])).toBe(false);
  });

  it('goes by day and name where a slice is not known yet', () => {
    expect(isHeld([folder('l', null, 'waiting')])).toBe(true);
    expect(isHeld([folder('n', null, 'waiting')])).toBe(false);
  });

  it('waits for an earlier one that another process planned lately, and for none that was left lying', () => {
    const elsewhere = (plannedAt: number, sliceEnd = 1000, miniBatchId = 'x') => [
      { miniBatchId, sliceEnd, plannedAt, is: 'planned' as const },
    ];
    expect(isHeld([], NOON, elsewhere(NOON - 1000))).toBe(true);
    expect(isHeld([], NOON, elsewhere(NOON - WAIT))).toBe(false);
    expect(isHeld([], NOON, elsewhere(NOON, 3000))).toBe(false);
    expect(isHeld([], NOON, elsewhere(NOON, 2000, 'm'))).toBe(false);
    for (const is of ['committed', 'failed'] as const)
      expect(isHeld([], NOON, [{ ...elsewhere(NOON)[0]!, is }])).toBe(false);
  });
});

describe('a mini-batch', () => {
  const one = { ...folder('m', 2000, 'ready'), enteredAt: NOON + 1 };
  const entry = { miniBatchId: 'm', sliceEnd: 2000, plannedAt: NOON, is: 'planned' } as const;
  const isTaken = (entries: Parameters<typeof isInOtherHands>[1], now = NOON): boolean =>
    isInOtherHands(one, entries, now, WAIT);

  it('is in other hands while another process entered it lately and did not end it', () => {
    expect(isTaken([entry])).toBe(true);
    expect(isTaken([entry], NOON + WAIT)).toBe(false);
    for (const is of ['committed', 'failed'] as const) expect(isTaken([{ ...entry, is }])).toBe(false);
    expect(isTaken([{ ...entry, plannedAt: null }])).toBe(false);
  });

  it('is not where the entry is its own, of another slice, or of another mini-batch', () => {
    expect(isTaken([{ ...entry, plannedAt: NOON + 1 }])).toBe(false);
    expect(isTaken([{ ...entry, sliceEnd: 1000 }])).toBe(false);
    expect(isTaken([{ ...entry, miniBatchId: 'l' }])).toBe(false);
  });
});
