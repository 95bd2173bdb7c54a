import { expect, it } from 'vitest';
import { METRICS } from '../../src/consumers/metrics-table.ts';
import { renderMetricsPage } from '../../src/http/metrics-page.ts';

it('the page tells of every metric once, with its labels and its alarm', () => {
  const page = renderMetricsPage();
  const rows = page.split('\n').filter((line) => line.startsWith('| `ndr_'));
  expect(rows.map((row) => /^\| `(\w+)` \|/.exec(row)?.[1])).toEqual(Object.keys(METRICS));
  for (const [place, { labels, alarm, help, kind }] of Object.values(METRICS).entries()) {
    const row = rows[place]!;
    for (const label of Object.keys(labels)) expect(row).toContain(`\`${label}\``);
    expect(row).toContain(help);
    expect(row).toContain(`| ${kind} |`);
    if (alarm !== undefined) expect(row).toContain(`\`${alarm.when}\``);
    expect(row.match(/(?<!\\)\|/g)).toHaveLength(7);
  }
});
