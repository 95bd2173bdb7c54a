/**
 * Rows of fields of a text in CSV: commas, quotes doubled within quotes, lines that end in CRLF or LF. A byte order mark and
 * empty lines are passed over.
 */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const field = /("(?:[^"]|"")*"|(?!")[^,\r\n]*)(,|\r?\n|$)/gy;
  field.lastIndex = text.startsWith('\ufeff') ? 1 : 0;
  for (;;) {
    const match = field.exec(text);
    if (match === null) throw new Error(`csv: a quote in row ${rows.length + 1} is not closed; correct the file`);
    const [, raw, end] = match;
    row.push(raw!.startsWith('"') ? raw!.slice(1, -1).replaceAll('""', '"') : raw!);
    if (end === ',') continue;
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
    if (field.lastIndex >= text.length) return rows;
  }
}
