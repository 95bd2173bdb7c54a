import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'detection.md');
const PARTS = ['office', 'captures'] as const;
type Part = (typeof PARTS)[number];
const markOf = (part: Part): string => `<!-- From here on written by node bench/detect/run.ts: ${part} -->`;

/** The page with one part in place of its predecessor; what stands before the first part is written by hand. */
export function placed(page: string, part: Part, lines: readonly string[]): string {
  const begins = PARTS.map((own) => page.indexOf(markOf(own)));
  const [first] = begins.filter((at) => at >= 0).sort((a, b) => a - b);
  const kept = PARTS.map((own, i): string => {
    if (own === part) return `${markOf(own)}\n\n${lines.join('\n')}\n`;
    const from = begins[i]!;
    if (from < 0) return '';
    const next = begins.filter((at) => at > from).sort((a, b) => a - b)[0];
    return `${page.slice(from, next).trimEnd()}\n`;
  });
  return [`${page.slice(0, first).trimEnd()}\n`, ...kept.filter((text) => text !== '')].join('\n');
}

export async function writePart(part: Part, lines: readonly string[]): Promise<void> {
  await writeFile(PAGE, placed(await readFile(PAGE, 'utf8'), part, lines));
}
