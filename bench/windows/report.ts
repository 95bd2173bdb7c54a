/** What a peer prints at its end: sums of every feature over all hosts. CPU is that of the whole process, every thread. */
export interface WindowsReport {
  readonly sums: Readonly<Record<string, number>>;
  readonly cpu_seconds: number;
  /** Where only a part of the process is measured. */
  readonly step_seconds?: number;
  readonly peak_rss_mb: number;
}

/** A moment of the process: seconds of CPU, and of its life. */
export const momentNow = (): { readonly cpu: number; readonly wall: number } => {
  const { user, system } = process.cpuUsage();
  return { cpu: (user + system) / 1e6, wall: performance.now() / 1000 };
};

/** @param since what came before is no part of what is measured. */
export function printReport(sums: Readonly<Record<string, number>>, since?: ReturnType<typeof momentNow>): void {
  const now = momentNow();
  const report: WindowsReport = {
    sums,
    cpu_seconds: now.cpu - (since?.cpu ?? 0),
    ...(since === undefined ? {} : { step_seconds: now.wall - since.wall }),
    peak_rss_mb: process.resourceUsage().maxRSS / 1024,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
