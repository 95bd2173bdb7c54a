/** What is too big to hold costs no more memory than anything else. */

import { join } from 'node:path';
import { BIG_CASES, runBigCase } from '../../test/support/big-poison.ts';
import { type Section, table } from './evidence.ts';

const MB = 1_000_000;

export async function provePoison(workplace: string, say: (line: string) => void): Promise<Section> {
  const faults: string[] = [];
  const rows: (string | number)[][] = [];
  for (const big of BIG_CASES) {
    say(`poison: ${big.name}`);
    const run = await runBigCase(join(workplace, 'poison'), big, 'full');
    faults.push(...run.faults);
    const memory = [run.peak, run.allowed].map((bytes) => Math.round(bytes / MB));
    rows.push([big.name, run.amount, Math.round(run.fileBytes / MB), run.seconds.toFixed(1), ...memory]);
  }
  return {
    faults,
    lines: [
      'One file of each kind beside a sound one, run by the command as a process of its own with one thread. The line or the file is left out, counted,',
      'and in quarantine with its reason; the sound file is committed, except where the noise is most of the mini-batch, which fails as a whole.',
      '',
      ...table(['input', 'bytes or lines', 'file, MB', 'seconds', 'most memory, MB', 'allowed, MB'], rows),
    ],
  };
}
