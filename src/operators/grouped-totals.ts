import type { HeldBlock } from './held-day.ts';
import { bytesOfTotals, type HeldTotals, mergedTotals, type RingedTotals } from './held-totals.ts';
import { ringOf } from './lookback.ts';
import type { RoleName } from './role-rows.ts';
import { HOUR_MS } from './time.ts';

/** Adds up the totals of a span of blocks once, for all emissions of which a ring holds that span as a whole. */
export interface GroupedTotals {
  /** Totals that together are those of all blocks, in windows that end at `windowsEnd` (ms UTC). */
  of(blocks: readonly HeldBlock[], windowsEnd: number): RingedTotals[];
  readonly bytes: number;
}

/** Two hours: more would seldom lie in one ring as a whole, less would spare little. */
const SPAN_MS = 2 * HOUR_MS;

interface Group {
  readonly serials: string;
  readonly totals: HeldTotals;
}

export function createGroupedTotals(role: RoleName): GroupedTotals {
  let groups = new Map<number, Group>();
  return {
    of(blocks, windowsEnd) {
      const kept = new Map<number, Group>();
      const ringed = Array.from(spansOf(blocks), ([span, own]): RingedTotals[] => {
        const ring = ringOf(span, windowsEnd);
        if (ring !== ringOf(span - SPAN_MS + 1, windowsEnd))
          return own.map(({ totals, sliceEnd }) => ({ totals: totals[role], ring: ringOf(sliceEnd, windowsEnd) }));
        const serials = own.map(({ serial }) => serial).join();
        let group = groups.get(span);
        if (group?.serials !== serials)
          group = { serials, totals: mergedTotals(own.map(({ totals }) => totals[role])) };
        kept.set(span, group);
        return [{ totals: group.totals, ring }];
      });
      groups = kept;
      return ringed.flat();
    },
    get bytes() {
      return [...groups.values()].reduce((sum, { totals }) => sum + bytesOfTotals(totals), 0);
    },
  };
}

/** The blocks of each span, by its end, which is in it as its beginning is not. Slices end at any minute. */
function spansOf(blocks: readonly HeldBlock[]): Map<number, HeldBlock[]> {
  const spans = new Map<number, HeldBlock[]>();
  for (const block of blocks) {
    const span = Math.ceil(block.sliceEnd / SPAN_MS) * SPAN_MS;
    const own = spans.get(span);
    if (own === undefined) spans.set(span, [block]);
    else own.push(block);
  }
  return spans;
}
