/** Edits (insert, delete, replace, swap of neighbours) that turn one word into the other. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/** The known word most like `word`, ignoring case; undefined where none is near enough to be what was meant. */
export function nearestKey(word: string, known: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const longer = known.find((candidate) => lower.length >= 3 && candidate.toLowerCase().startsWith(lower));
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best ?? longer;
}

/** `; did you mean x?`, or where nothing is near, what there is. */
export function suggestionOrAll(word: string, known: readonly string[]): string {
  if (known.length === 0 || known.length > MOST_NAMED || nearestKey(word, known) !== undefined)
    return suggestion(word, known);
  return `; there are ${[...known].sort().join(', ')}`;
}
const MOST_NAMED = 20;

/** `; did you mean x?`, or nothing. */
export function suggestion(word: string, known: readonly string[]): string {
  const nearest = nearestKey(word, known);
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}
