import { z } from 'zod';
import { type PathAnswer, type PathRules, readMiniBatchFolder } from './mini-batch-path.ts';
import { completeTemplate, fieldsOf, PATH_FIELDS, templateFault } from './path-template.ts';
import { prefix } from './prefix-types.ts';
import { show } from './shown-value.ts';
import { projectName, versionName } from './spec-names.ts';
import { type Decoded, decodePayload, SpecError } from './spec-payload.ts';
import { flag, textLike, unreadable, unused, value } from './value-types.ts';

/** Which project the mini-batches of an organisation's ingestion path belong to. */
export interface Route {
  /** `<org1>#<org2>` */
  readonly orgKey: string;
  readonly org1: string;
  readonly org2: string;
  readonly projectName: string;
  readonly ingestionPrefix: string;
  readonly featureSpecVersion: string | null;
  /** False: notifications are acknowledged and skipped. */
  readonly enabled: boolean;
  readonly miniBatchIdTemplate: string | null;
}

const ingestionPrefix: z.ZodType<string> = value('a prefix such as s3://bucket/paloalto/acme/finance', (raw) => {
  const decoded = prefix.safeParse(raw);
  if (!decoded.success) return unreadable(decoded.error.issues[0]!.message);
  const fault = templateFault(completeTemplate(decoded.data));
  return fault === undefined ? decoded.data : unreadable(`is ${show(raw)}, which ${fault}`);
});

const idTemplate: z.ZodType<string> = value('a template such as {org2}-{yyyy}{mm}{dd}-{mini_batch_id}', (raw) => {
  if (typeof raw !== 'string') return undefined;
  const fields = fieldsOf(raw);
  const unknown = fields.find((name) => !(PATH_FIELDS as readonly string[]).includes(name));
  if (unknown !== undefined) return unreadable(`is ${show(raw)}, which has the unknown field {${unknown}}`);
  return fields.includes('mini_batch_id') ? raw : unreadable(`is ${show(raw)}, which lacks {mini_batch_id}`);
});

/** The schema of a route, an item of the routing table. */
export const routeSchema = z.strictObject({
  org_key: textLike('<org1>#<org2>', /^[^#/\s]+#[^#/\s]+$/).meta({ doc: 'Key of the route: the organisation.' }),
  project_name: projectName.meta({ doc: 'Project that the mini-batches belong to.' }),
  ingestion_prefix: ingestionPrefix.meta({ doc: 'Where its mini-batches lie, or a template of their folders.' }),
  feature_spec_version: versionName.optional().meta({ doc: 'Version of the specs.', usual: "the project's" }),
  enabled: flag.default(true).meta({ doc: 'False: notifications are acknowledged and skipped.' }),
  mini_batch_id_template: idTemplate.optional().meta({
    doc: 'How ids are made where names of folders are not unique in the project.',
    usual: '`{mini_batch_id}`, the name of the folder',
  }),
  ml_project_names: unused,
  ml_project_name: unused,
  lifecycle: unused,
  updated_at: unused,
  owner: unused,
  tags: unused,
});

/** Decodes an item of the routing table. Faults read `routing <org_key>: <path>: <fault>`. */
export function decodeRoute(item: unknown): Decoded<Route> {
  const key = typeof item === 'object' && item !== null && 'org_key' in item ? String(item.org_key) : 'without org_key';
  const { value: given, warnings } = decodePayload(routeSchema, item, `routing ${key}`);
  const [org1 = '', org2 = ''] = given.org_key.split('#');
  return {
    warnings,
    value: {
      orgKey: given.org_key,
      org1,
      org2,
      projectName: given.project_name,
      ingestionPrefix: given.ingestion_prefix,
      featureSpecVersion: given.feature_spec_version ?? null,
      enabled: given.enabled,
      miniBatchIdTemplate: given.mini_batch_id_template ?? null,
    },
  };
}

/** An item that is no route, with what can be made out of it. */
export interface WrongRoute {
  readonly is: 'wrong';
  /** As it is stored. */
  readonly orgKey: string;
  readonly faults: readonly string[];
  /** As they are stored; null: no text. */
  readonly project: string | null;
  readonly ingestionPrefix: string | null;
}

export type ReadRoute =
  | { readonly is: 'right'; readonly route: Route; readonly warnings: readonly string[] }
  | WrongRoute;

/** Reads an item of the routing table, be it right or wrong. */
export function readRoute(item: unknown): ReadRoute {
  try {
    const { value, warnings } = decodeRoute(item);
    return { is: 'right', route: value, warnings };
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    const given = (typeof item === 'object' && item !== null ? item : {}) as Readonly<Record<string, unknown>>;
    const text = (name: string): string | null => (typeof given[name] === 'string' ? given[name] : null);
    const [orgKey, project, ingestionPrefix] = [text('org_key') ?? '', text('project_name'), text('ingestion_prefix')];
    return { is: 'wrong', orgKey, faults: error.faults, project, ingestionPrefix };
  }
}

/** Whether a folder lies where a wrong route says that its folders do, as far as that can be told. */
export function mayBeOf({ ingestionPrefix }: WrongRoute, folder: string): boolean {
  return ingestionPrefix !== null && folder.startsWith(ingestionPrefix.replace(/\{[\s\S]*|\/+$/, ''));
}

/** How paths of a route are read. */
export function pathRulesOf(route: Route): PathRules {
  return {
    template: route.ingestionPrefix,
    bound: { org1: route.org1, org2: route.org2, project: route.projectName },
    miniBatchIdTemplate: route.miniBatchIdTemplate,
  };
}

export interface RoutedPath {
  readonly route: Route;
  readonly answer: PathAnswer;
}

/** The route of a mini-batch's folder: of those whose template it fits, the one with the longest prefix. Undefined: none fits. */
export function routeOf(routes: readonly Route[], folder: string): RoutedPath | undefined {
  const fitting = routes
    .map((route) => ({ route, answer: readMiniBatchFolder(folder, pathRulesOf(route)) }))
    .filter(({ answer }) => answer.is === 'mini-batch' || answer.fits);
  fitting.sort((a, b) => b.route.ingestionPrefix.length - a.route.ingestionPrefix.length);
  return fitting[0];
}
