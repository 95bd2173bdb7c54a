// What Node is started with, apart from the program. Plain JavaScript without dependencies, as scripts/run.mjs, which
// users start by; whatever measures or tests the product as a process gives it the same.

/**
 * For every program. On processors with memory protection keys, V8 keeps a table of pages with machine code that worker
 * threads which come and go can bring out of step: the process then dies ("Check failed: jit_page.has_value()").
 */
export const FOR_ALL = ['--no-memory-protection-keys'];

/**
 * For the product itself. Its columns live outside the heap of JavaScript, so a small nursery saves 30 MB at the start. In
 * a service it saves far more: V8 doubles the nursery of each thread now and then, up to 130 MB, and hardly gives it back.
 * And standard error is a log of JSON lines in production, into which Node would write of timers that kafkajs sets too late.
 */
export const FOR_PRODUCT = ['--max-semi-space-size=2', '--disable-warning=TimeoutNegativeWarning'];
