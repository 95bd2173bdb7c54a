/** Child process: creates large files in a directory lake until it is killed, and prints each path once it is created. */
import { openDirectoryLake } from '../../../src/state/lake/directory.ts';

const [root, name] = process.argv.slice(2);
const lake = await openDirectoryLake(root!);
process.stdout.write('ready\n');
for (let i = 0; ; i++) {
  const path = `batch=${name}-${i}/file`;
  await lake.create(path, new Uint8Array(3_000_000).fill(i % 251));
  process.stdout.write(`${path}\n`);
}
