// One mini-batch the whole way by the program itself, and what it took: arguments are those of ndr.
process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  const measured = { cpu_seconds: (user + system) / 1e6, peak_rss_mb: process.resourceUsage().maxRSS / 1024 };
  process.stderr.write(`${JSON.stringify(measured)}\n`);
});
await import('../../src/main.ts');
