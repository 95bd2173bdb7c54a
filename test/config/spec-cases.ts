import { resolveBatchSpec } from '../../src/config/job-specs.ts';
import { SpecError } from '../../src/config/spec-payload.ts';

/** The batch spec of project `default`, version `v1`, from payloads by job. */
export const resolve = (
  payloads: Readonly<Record<string, unknown>>,
  documents: Readonly<Record<string, unknown>> = {},
) =>
  resolveBatchSpec({
    project: 'default',
    version: 'v1',
    documents,
    items: Object.entries(payloads).map(([job, spec]) => ({ job_name: job, spec })),
  });

/** The faults that something throws; none if it does not throw. */
export function faultsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof SpecError) return error.faults;
    throw error;
  }
  return [];
}
