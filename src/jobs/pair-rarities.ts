import { pairRarityTable } from '../operators/baseline-datasets.ts';
import { createPairTally, rarityOf, tallyPairs } from '../operators/rarity.ts';
import { encodeParquet } from '../state/parquet.ts';
import { type EncodedPart, partRanges } from '../state/publish.ts';
import { openRun } from './scratch-runs.ts';
import { PAIR_COLUMNS, type PairRun } from './spill-pairs.ts';

export interface PairRaritiesInput {
  readonly runs: readonly string[];
  readonly bin: number;
  readonly owner: 'host_ip' | 'segment_id';
  /** Of the horizon, ms UTC. */
  readonly start: number;
  readonly rarityThreshold: number;
}

/** How rare the pairs of one bin's owners are, encoded, in the order of (owner, destination, port). */
export function ratePairs({ runs: paths, bin, owner, start, rarityThreshold }: PairRaritiesInput): EncodedPart[] {
  const runs = paths.map((path) => openRun<PairRun>(path));
  try {
    const texts = runs.map((run) => run.textsOf(bin));
    // Owners are rated in the order of their texts; destinations are put in order by the rating.
    const owners = [...new Set(texts.flatMap(([own]) => own!))].sort();
    const ownerPlace = new Map(owners.map((text, i) => [text, i]));
    const destinations: string[] = [];
    const destinationPlace = new Map<string, number>();
    const placeOf = (text: string): number => {
      const known = destinationPlace.get(text);
      if (known !== undefined) return known;
      destinationPlace.set(text, destinations.length);
      return destinations.push(text) - 1;
    };
    const tally = createPairTally(start);
    runs.forEach((run, r) => {
      const length = run.rowsOf(bin);
      const [ownOwners, ownDestinations] = texts[r]!;
      const toOwner = Uint32Array.from(ownOwners!, (text) => ownerPlace.get(text)!);
      const toDestination = Uint32Array.from(ownDestinations!, placeOf);
      // What a run gives of a column is gone with the next.
      const column = <T>(name: keyof typeof PAIR_COLUMNS, take: (at: (row: number) => number) => T): T => {
        const values = run.column(bin, PAIR_COLUMNS[name]);
        return take((row) => values?.[row] ?? 0);
      };
      const rows = { length };
      const words = (at: (row: number) => number): Uint32Array => Uint32Array.from(rows, (_, row) => at(row));
      tallyPairs(tally, {
        length,
        owner: column('owner', (at) => words((row) => toOwner[at(row)]!)),
        destination: column('destination', (at) => words((row) => toDestination[at(row)]!)),
        port: column('port', (at) => Int32Array.from(rows, (_, row) => at(row))),
        sessions: column('sessions', (at) => Float64Array.from(rows, (_, row) => at(row))),
        at: column('slice', (at) => Float64Array.from(rows, (_, row) => run.told.sliceEnds[at(row)]!)),
      });
    });
    if (tally.length === 0) return [];
    const table = pairRarityTable(owner, rarityOf(tally, destinations, rarityThreshold), owners, destinations);
    return partRanges(table.length).map(([from, to]) => ({
      rows: to - from,
      bytes: encodeParquet(table, { start: from, end: to }),
    }));
  } finally {
    for (const run of runs) run.close();
  }
}
