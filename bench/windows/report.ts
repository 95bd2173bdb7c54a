/** What a peer prints at its end: sums of every feature over all hosts. CPU is that of the whole process, every thread. */
export interface WindowsReport {
  readonly sums: Readonly<Record<string, number>>;
  readonly cpu_seconds: number;
  readonly peak_rss_mb: number;
}

export function printReport(sums: Readonly<Record<string, number>>): void {
  const { user, system } = process.cpuUsage();
  const report: WindowsReport = {
    sums,
    cpu_seconds: (user + system) / 1e6,
    peak_rss_mb: process.resourceUsage().maxRSS / 1024,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
