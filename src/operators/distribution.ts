/**
 * How sessions and bytes spread over peers, ports and segments. Everything here is exact and does not depend on the
 * order in which parties are given.
 */

const SMALL = 256;

/** Counts how often each number of sessions occurs, so that an entropy sums in one fixed order. Reusable scratch. */
export interface CountHistogram {
  add(sessions: number): void;
  /** Adds the first `count` of many. */
  addAll(sessions: Float64Array, count: number): void;
  /**
   * Shannon entropy in nats of the shares sessions_i / total: -Σ m_k (k/S) ln(k/S) over the distinct session counts
   * k ascending, where m_k parties have k sessions. 0 without sessions. Empties the histogram.
   */
  takeEntropy(total: number): number;
}

export function createCountHistogram(): CountHistogram {
  const small = new Uint32Array(SMALL);
  let highest = 0;
  let large: number[] = [];
  const add = (sessions: number): void => {
    if (sessions < SMALL) {
      small[sessions]!++;
      if (sessions > highest) highest = sessions;
    } else large.push(sessions);
  };
  return {
    add,
    addAll(sessions, count) {
      let most = highest;
      for (let i = 0; i < count; i++) {
        const value = sessions[i]!;
        if (value < SMALL) {
          small[value]!++;
          if (value > most) most = value;
        } else large.push(value);
      }
      highest = most;
    },
    takeEntropy(total) {
      let sum = 0;
      for (let k = 1; k <= highest; k++) {
        const parties = small[k]!;
        if (parties === 0) continue;
        const share = k / total;
        sum += parties * share * Math.log(share);
        small[k] = 0;
      }
      highest = 0;
      if (large.length > 0) {
        large.sort((a, b) => a - b);
        for (let i = 0; i < large.length; ) {
          let same = i + 1;
          while (same < large.length && large[same] === large[i]) same++;
          const share = large[i]! / total;
          sum += (same - i) * share * Math.log(share);
          i = same;
        }
        large = [];
      }
      return sum === 0 ? 0 : -sum;
    },
  };
}

/** a / b, and 0 where b = 0. */
export const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b);
