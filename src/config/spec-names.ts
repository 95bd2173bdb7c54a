import type { SpecPlace } from './spec-payload.ts';
import { agreeing, textLike } from './value-types.ts';

/** Jobs that a parameters item may configure; each also under its `pipeline_` name where it has one. */
export const JOB_NAMES = [
  'project_parameters',
  'delta_builder',
  'fg_a_builder',
  'pair_counts_builder',
  'fg_b_builder',
  'fg_c_builder',
  'machine_inventory_unload',
  'non_persistent_prefixes',
  'inference_predictions',
  'pipeline_inference_predictions',
  'prediction_feature_join',
  'pipeline_prediction_feature_join',
  'if_training',
  'pipeline_backfill_historical_extractor',
  'pipeline_training_data_verifier',
  'pipeline_missing_feature_creation',
  'pipeline_model_publish',
  'pipeline_model_attributes',
  'pipeline_model_deploy',
] as const;

export const PROJECT_NAME = /^[a-z0-9][a-z0-9-]{0,47}$/;
export const projectName = textLike('a project name: 1 to 48 of a-z, 0-9 and -, not beginning with -', PROJECT_NAME);

export const VERSION_NAME = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,47}$/;
export const versionName = textLike(
  'a feature spec version: 1 to 48 of letters, digits, _ . and -, not beginning with a dot',
  VERSION_NAME,
);

/** The keys by which a payload may repeat what its item is; they must agree with it. */
export function ownKeys({ job, version, project }: SpecPlace) {
  const same = (known: string | undefined) => (raw: unknown) => known === undefined || raw === known;
  return {
    project_name: agreeing(`the item belongs to project ${project}`, same(project)),
    job_name: agreeing(`the item is ${job}`, (raw) => raw === job || raw === `${job}#${version}`),
    feature_spec_version: agreeing(`the item is of version ${version}`, same(version)),
  };
}
