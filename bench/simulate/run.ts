// Lines a second of the generator, uncompressed, on one thread, by CPU seconds: node bench/simulate/run.ts --hosts 1000,10000 --repeat 5
import { parseArgs } from 'node:util';
import { createLineWriter } from '../../src/simulation/line-writer.ts';
import { type OfficeOptions, officeTraffic } from '../../src/simulation/office.ts';

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '1000,10000' },
    lines: { type: 'string', default: '1000000' },
    repeat: { type: 'string', default: '5' },
  },
});
const LINES_AT_ONCE = 20_000;
const MONDAY_MORNING = Date.UTC(2026, 2, 2, 8, 8);

interface Round {
  readonly lines: number;
  readonly bytes: number;
  readonly perCpuSecond: number;
  /** CPU seconds to make records, and to write them as lines. */
  readonly making: number;
  readonly writing: number;
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** Working hours of an office, until there are enough lines. A round makes everything anew, the plan of the office included. */
function play(hosts: number, enough: number): Round {
  const options: OfficeOptions = { seed: 1, hosts, slices: 96, start: MONDAY_MORNING };
  const begun = cpuSeconds();
  const { plan, deliveries, recordsOf } = officeTraffic(options);
  const writer = createLineWriter(plan.book.kinds);
  let lines = 0;
  let bytes = 0;
  let making = cpuSeconds() - begun;
  let writing = 0;
  for (const delivery of deliveries) {
    const before = cpuSeconds();
    const { batch, order } = recordsOf(delivery);
    const made = cpuSeconds();
    for (let from = 0; from < order.length; from += LINES_AT_ONCE)
      bytes += writer.write(batch, order, from, Math.min(order.length, from + LINES_AT_ONCE)).length;
    making += made - before;
    writing += cpuSeconds() - made;
    lines += order.length;
    if (lines >= enough) break;
  }
  return { lines, bytes, perCpuSecond: lines / (making + writing), making, writing };
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const say = (line: string): void => void process.stdout.write(`${line}\n`);

say('| workstations | lines | bytes a line | lines per CPU second: least | median | most | making | writing |');
say('|---:|---:|---:|---:|---:|---:|---:|---:|');
for (const hosts of values.hosts.split(',').map(Number)) {
  const rounds = Array.from({ length: Number(values.repeat) }, () => play(hosts, Number(values.lines)));
  const sorted = rounds.toSorted((a, b) => a.perCpuSecond - b.perCpuSecond);
  const median = sorted[Math.floor(sorted.length / 2)]!;
  const share = (part: number): string => `${Math.round((100 * part) / (median.making + median.writing))} %`;
  const cells = [
    whole(hosts),
    whole(median.lines),
    whole(median.bytes / median.lines),
    whole(sorted[0]!.perCpuSecond),
    whole(median.perCpuSecond),
    whole(sorted.at(-1)!.perCpuSecond),
    share(median.making),
    share(median.writing),
  ];
  say(`| ${cells.join(' | ')} |`);
}
