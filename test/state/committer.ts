/**
 * Child process: commits revision after revision of one mini-batch, each with content of its own, until `revision` is
 * reached; prints the revisions that it won.
 */
import { commit, openStore, PROJECT, VERSION } from './mini-batches.ts';

const [root, name, revision] = process.argv.slice(2);
const store = await openStore(root!);
for (let n = 0; ; n++) {
  const present = await store.index.batch(PROJECT, VERSION, 'mb-1');
  if ((present?.revision ?? 0) >= Number(revision)) break;
  const datasets = { delta: [`${name} ${n}`], fg_a: ['the same for all'] };
  const outcome = await commit(store, { token: `${name}-${n}`, nowMs: n, datasets });
  if (outcome.is === 'committed') process.stdout.write(`${outcome.revision}\n`);
}
