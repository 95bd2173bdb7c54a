import type { SegmentMapping } from '../operators/segments.ts';
import type { OutputDataset } from './batch-spec.ts';
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
function agreedSegmentMapping(
  { parameters, fgA, pairCounts, fgB, fgC }: SpecCollection,
  place: Place,
  { faults }: Notes,
) {
  const stated = [
    { job: 'project_parameters', mapping: parameters.segmentMapping },
    { job: 'fg_a_builder', mapping: fgA.segmentMapping },
    { job: 'pair_counts_builder', mapping: pairCounts.segmentMapping },
    { job: 'fg_b_builder', mapping: fgB.segmentMapping },
    { job: 'fg_c_builder', mapping: fgC.segmentMapping },
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
  /** What the job that makes it says (the delta builder where `by` is left out), under `actualPath`. */
  readonly actual: string | null | undefined;
  readonly actualPath: string;
  readonly by?: BatchJob;
}

/** Flows are read once and FG-A takes its delta from memory: what later jobs say of their input must be what is done. */
function checkOneReading(
  { delta, fgA, pairCounts, fgB, fgC }: SpecCollection,
  place: Place,
  { faults, warnings }: Notes,
): void {
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
    {
      job: 'fg_b_builder',
      path: 'fg_a_input.s3_prefix',
      stated: datasetRoot(fgB.fgAPrefix, 'fg_a'),
      ...madeBy('fg_a_builder', 'fg_a_output.s3_prefix', fgA.outputPrefix, 'fg_a'),
    },
    {
      job: 'fg_b_builder',
      path: 'pair_counts.s3_prefix',
      stated: datasetRoot(fgB.pairCounts.prefix, 'pair_counts'),
      ...madeBy('pair_counts_builder', 'pair_counts_output.s3_prefix', pairCounts.outputPrefix, 'pair_counts'),
    },
    {
      job: 'fg_c_builder',
      path: 'fg_a_input.s3_prefix',
      stated: datasetRoot(fgC.fgAPrefix, 'fg_a'),
      ...madeBy('fg_a_builder', 'fg_a_output.s3_prefix', fgA.outputPrefix, 'fg_a'),
    },
    {
      job: 'fg_c_builder',
      path: 'fg_b_input.s3_prefix',
      stated: datasetRoot(fgC.fgBPrefix, 'fg_b'),
      ...madeBy('fg_b_builder', 'fg_b_output.s3_prefix', fgB.outputPrefix, 'fg_b'),
    },
    {
      job: 'fg_c_builder',
      path: 'pair_context_input.s3_prefix',
      stated: datasetRoot(fgC.pairContextPrefix, 'fg_a_pair_context'),
      ...madeBy('fg_a_builder', 'pair_context_output.s3_prefix', fgA.pairContextOutputPrefix, 'fg_a_pair_context'),
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
  for (const { job, path, stated, actual, actualPath, by = 'delta_builder' } of statements) {
    if (stated === undefined || stated === null || stated === actual) continue;
    const where = `${place(job)}: ${path}`;
    const source = `${place(by)}: ${actualPath}`;
    if (actual === undefined || actual === null) warnings.push(`${where}: has no effect; ${source} is what counts`);
    else faults.push(`${where}: is ${stated}, but ${source} is ${actual}; make them the same, or leave this out`);
  }
}

const madeBy = (by: BatchJob, actualPath: string, given: string | undefined, dataset: OutputDataset) => ({
  by,
  actualPath,
  actual: datasetRoot(given, dataset),
});
