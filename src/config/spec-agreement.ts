import type { SegmentMapping } from '../operators/segments.ts';
import { FIELD_NAMES } from './canonical-fields.ts';
import { canonicalJson } from './canonical-json.ts';
import { operatorsLackingForFgA } from './delta-builder.ts';
import { formatSource } from './field-mapping.ts';
import { suggestion } from './nearest-key.ts';
import { DEFAULT_SEGMENT_MAPPING } from './network-types.ts';
import { datasetRoot } from './prefix-types.ts';
import type { BatchJob, SpecCollection } from './spec-collection.ts';

/** What the specs of one project say together. */
export interface Agreement {
  readonly segmentMapping: SegmentMapping;
  readonly highRiskSegments: readonly string[];
  /** False: the delta spec leaves out an operator that FG-A is made of, and no spec asks for FG-A. */
  readonly fgAEnabled: boolean;
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

interface Notes {
  readonly faults: string[];
  readonly warnings: string[];
}

/** Compares the specs where one repeats or needs what another says. */
export function reconcileSpecs(specs: SpecCollection, version: string): Agreement {
  const place = (job: BatchJob): string => `${job}#${version}`;
  const notes: Notes = { faults: [], warnings: [] };
  checkOneReading(specs, place, notes);
  const segmentMapping = agreedSegmentMapping(specs, place, notes);
  const fgAEnabled = checkOperators(specs, place, notes);
  const highRiskSegments = specs.fgA.highRiskSegments ?? specs.parameters.highRiskSegments ?? [];
  const names = segmentMapping.networks.map(({ name }) => name);
  for (const id of highRiskSegments) {
    if (id.includes('/') || names.includes(id)) continue;
    const job = specs.fgA.highRiskSegments === null ? 'project_parameters' : 'fg_a_builder';
    notes.warnings.push(`${place(job)}: high_risk_segments: no segment is called ${id}${suggestion(id, names)}`);
  }
  return { segmentMapping, highRiskSegments, fgAEnabled, ...notes };
}

type Place = (job: BatchJob) => string;

/** Several specs may state the mapping of segments; there is one, so they must agree. */
function agreedSegmentMapping({ parameters, fgA, pairCounts }: SpecCollection, place: Place, { faults }: Notes) {
  const stated = [
    { job: 'project_parameters', mapping: parameters.segmentMapping },
    { job: 'fg_a_builder', mapping: fgA.segmentMapping },
    { job: 'pair_counts_builder', mapping: pairCounts.segmentMapping },
  ] as const;
  const [first, ...others] = stated.filter(({ mapping }) => mapping !== null);
  for (const { job, mapping } of others) {
    if (canonicalJson(mapping) === canonicalJson(first?.mapping)) continue;
    const other = place(first?.job ?? 'project_parameters');
    faults.push(`${place(job)}: segment_mapping: differs from that of ${other}; state it in project_parameters alone`);
  }
  return first?.mapping ?? DEFAULT_SEGMENT_MAPPING;
}

function checkOperators({ delta, present }: SpecCollection, place: Place, { faults, warnings }: Notes): boolean {
  const lacking = operatorsLackingForFgA(delta.operators).join(', ');
  if (lacking === '') return true;
  const where = `${place('delta_builder')}: operators`;
  if (present.has('fg_a_builder')) {
    faults.push(`${where}: leaves out ${lacking}, which ${place('fg_a_builder')} is made of; add it`);
  } else warnings.push(`${where}: leaves out ${lacking}; without it there is no FG-A`);
  return false;
}

interface Statement {
  readonly job: BatchJob;
  readonly path: string;
  readonly stated: string | null | undefined;
  /** What the delta builder says, under `actualPath`. */
  readonly actual: string | null | undefined;
  readonly actualPath: string;
}

/** Flows are read once and FG-A takes its delta from memory: what later jobs say of their input must be what is done. */
function checkOneReading({ delta, fgA, pairCounts }: SpecCollection, place: Place, { faults, warnings }: Notes): void {
  const statements: Statement[] = [
    {
      job: 'fg_a_builder',
      path: 'delta_input.s3_prefix',
      stated: datasetRoot(fgA.deltaPrefix, 'delta'),
      actual: datasetRoot(delta.outputPrefix, 'delta'),
      actualPath: 'output.s3_prefix',
    },
    {
      job: 'fg_a_builder',
      path: 'pair_context_input.s3_prefix',
      stated: datasetRoot(fgA.pairContextInputPrefix, 'pair_context'),
      actual: datasetRoot(delta.pairContextOutputPrefix, 'pair_context'),
      actualPath: 'pair_context_output.s3_prefix',
    },
    {
      job: 'pair_counts_builder',
      path: 'traffic_input.s3_prefix',
      stated: pairCounts.trafficPrefix,
      actual: delta.input.s3Prefix,
      actualPath: 'input.s3_prefix',
    },
    ...FIELD_NAMES.map((field): Statement => {
      const stated = pairCounts.fieldMapping[field];
      return {
        job: 'pair_counts_builder',
        path: `traffic_input.field_mapping.${field}`,
        stated: stated === undefined ? undefined : formatSource(stated),
        actual: formatSource(delta.fieldMapping[field]),
        actualPath: `input.field_mapping.${field}`,
      };
    }),
  ];
  for (const { job, path, stated, actual, actualPath } of statements) {
    if (stated === undefined || stated === null || stated === actual) continue;
    const where = `${place(job)}: ${path}`;
    const source = `${place('delta_builder')}: ${actualPath}`;
    if (actual === undefined || actual === null) warnings.push(`${where}: has no effect; ${source} is what counts`);
    else faults.push(`${where}: is ${stated}, but ${source} is ${actual}; make them the same, or leave this out`);
  }
}
