import type { CalendarFeatures } from './calendar.ts';

/** Less than this share of a host's slices is a band that it does not work in. */
const RARE_SHARE = 0.05;
/** Fewer active days say nothing of habits. */
const LEAST_DAYS = 5;

/**
 * Whether a row lies in a band that its host hardly ever works in.
 *
 * @param activeDays of the host in the baseline's horizon, UTC.
 * @param workingShare share of its slices there in working hours, 0..1.
 */
export function violatesTimeBand(
  timeBand: CalendarFeatures['time_band'],
  activeDays: number,
  workingShare: number,
): boolean {
  const share = timeBand === 'working_hours' ? workingShare : 1 - workingShare;
  return activeDays >= LEAST_DAYS && share < RARE_SHARE;
}
