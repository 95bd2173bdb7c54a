/** Child process: adds 1 to a shared count by compare-and-swap, `times` times; prints a line after each. */
import { openDirectoryItems } from '../../../src/state/items/directory.ts';

const [root, times] = process.argv.slice(2);
const items = await openDirectoryItems(root!);
process.stdout.write('ready\n');
for (let i = 0; i < Number(times); i++) {
  for (;;) {
    const present = await items.get('things', 'p', 'count');
    const n = (present?.['n'] ?? 0) as number;
    const condition = present === undefined ? ({ absent: true } as const) : { matches: { n } };
    if ((await items.put('things', 'p', 'count', { n: n + 1 }, condition)) === 'stored') break;
  }
  process.stdout.write('added\n');
}
