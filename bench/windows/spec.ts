import type { BatchSpec } from '../../src/config/batch-spec.ts';
import { resolveBatchSpec } from '../../src/config/job-specs.ts';

/** All defaults: every private network is a host's, segments are /24. */
export const SPEC: BatchSpec = resolveBatchSpec({ project: 'default', version: 'v1', items: [] });
