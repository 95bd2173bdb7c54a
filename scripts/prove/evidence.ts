/** The page of evidence: a section a part, each replaced when its part is run again. */

export interface Section {
  /** Markdown below the heading. */
  readonly lines: readonly string[];
  readonly faults: readonly string[];
}

export interface PlacedSection {
  readonly own: string;
  /** The whole page: this section in place of its predecessor, all others kept; `parts` first, in their order. */
  joinedTo(page: string, parts: readonly string[]): string;
}

const HEAD = `# Evidence

<!-- Sections named after a part are written by npm run prove: a part that is run replaces its section. -->

What was compared, with what, and how it went. Every part ends with an error where a single value differs.
`;
const LISTED = 20;

export function placeSection(part: string, title: string, { lines, faults }: Section): PlacedSection {
  const verdict = faults.length === 0 ? 'no difference' : `**${faults.length} differences**`;
  const listed = faults.slice(0, LISTED).map((fault) => `- ${fault}`);
  const body = [...lines, ...(listed.length > 0 ? ['', ...listed] : [])];
  const own = [`## ${part}`, '', `${title}, Node ${process.versions.node}: ${verdict}.`, '', ...body, ''].join('\n');
  return {
    own,
    joinedTo(page, parts) {
      const sections = new Map(
        page
          .split(/^(?=## )/m)
          .slice(1)
          .map((text) => [/^## (.*)$/m.exec(text)![1]!, `${text.trimEnd()}\n`]),
      );
      sections.set(part, own);
      const others = [...sections.keys()].filter((name) => !parts.includes(name));
      return [HEAD, ...[...parts, ...others].flatMap((name) => sections.get(name) ?? [])].join('\n');
    },
  };
}

export const count = (value: number): string => value.toLocaleString('en-US');

export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const line = (cells: readonly (string | number)[]): string =>
    `| ${cells.map((cell) => (typeof cell === 'number' ? count(cell) : cell)).join(' | ')} |`;
  return [line(header), `|${header.map((_, n) => (n === 0 ? '---' : '---:')).join('|')}|`, ...rows.map(line)];
}

export const totals = (rows: readonly (readonly (string | number)[])[]): (string | number)[] =>
  rows[0]!.map((_, column) => {
    const values = rows.map((row) => row[column]!);
    if (column === 0) return 'all';
    return typeof values[0] === 'number' ? values.reduce((sum: number, value) => sum + Number(value), 0) : '';
  });
