// One process's share of the random histories: node history-search.ts <runs> <seed>. Ends with one line of JSON.
import { searchHistories } from '../../test/end-to-end/histories/random-histories.ts';

const [runs, seed] = process.argv.slice(2).map(Number);
const { faults, histories, tally } = await searchHistories({ runs: runs!, seed: seed! });
process.stdout.write(`${JSON.stringify({ faults, histories, tally: [...tally] })}\n`);
