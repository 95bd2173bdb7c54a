/** Loaded before a program: says at its end how much memory it held at most, in the file that PEAK_FILE names. */

import { writeFileSync } from 'node:fs';

const file = process.env['PEAK_FILE'];
// maxRSS is in KiB.
if (file !== undefined) {
  process.on('exit', () => writeFileSync(file, String(process.resourceUsage().maxRSS * 1024)));
}
