import { readMiniBatchFolder } from '../config/mini-batch-path.ts';
import { ANY_FOLDERS, completeTemplate, fillTemplate } from '../config/path-template.ts';
import { decodeRoute, pathRulesOf, type Route } from '../config/routing.ts';
import { readSpecItems } from '../config/spec-items.ts';
import { SpecError } from '../config/spec-payload.ts';
import type { RawFiles } from '../state/raw-files.ts';
import type { SpecSource } from '../state/specs.ts';
import { error, type Finding, info, warning } from './finding.ts';
import { reachFinding } from './reach-finding.ts';

export interface RouteExaminationDeps {
  readonly specs: Pick<SpecSource, 'items' | 'routes'>;
  /** Null: where they lie is out of reach, and was told. */
  readonly rawFiles: Pick<RawFiles, 'folders' | 'has'> | null;
  /** Reads the specs that a route leads to, and gives what they warn of; throws a SpecError with their faults. */
  readonly specWarnings: (route: Route) => Promise<readonly string[]>;
}

const IN_TABLE = 'correct it in the routing table';

/** Routes of all projects: their faults, what they lead to, whether they get in each other's way and can be listed. */
export async function* examineRoutes({ specs, rawFiles, specWarnings }: RouteExaminationDeps): AsyncGenerator<Finding> {
  const routes: Route[] = [];
  for (const item of await specs.routes()) {
    try {
      const { value, warnings } = decodeRoute(item);
      routes.push(value);
      for (const text of warnings) yield warning('routes', text, IN_TABLE);
    } catch (cause) {
      if (!(cause instanceof SpecError)) throw cause;
      for (const fault of cause.faults)
        yield error(
          'routes',
          fault,
          `${IN_TABLE}; until then a worker that knew it right goes by that, and others hold what it is for`,
        );
    }
  }
  const enabled = routes.filter((route) => route.enabled);
  for (const { orgKey, enabled: isEnabled } of routes)
    if (!isEnabled) yield info('routes', `route ${orgKey} is disabled: what it announces is skipped`);
  yield* overlapsOf(enabled);
  yield* unusedOf(await specs.items(), enabled);
  for (const route of enabled) {
    yield* examineSpecsOf(route, specWarnings);
    if (rawFiles !== null) yield* examinePrefix(route, rawFiles);
  }
}

/** A folder as a route's organisation would deliver one. */
function exampleOf({ ingestionPrefix, org1, org2, projectName: project }: Route): string {
  const values = { vendor: 'vendor', yyyy: '2025', mm: '01', dd: '31', mini_batch_id: '0001', org1, org2, project };
  return fillTemplate(completeTemplate(ingestionPrefix), values).replace(`/${ANY_FOLDERS}/`, '/');
}

const fits = (route: Route, folder: string): boolean => {
  const answer = readMiniBatchFolder(folder, pathRulesOf(route));
  return answer.is === 'mini-batch' || answer.fits;
};

function* overlapsOf(routes: readonly Route[]): Generator<Finding> {
  const remedy = 'give each route a prefix of its own, or disable one';
  for (const [n, route] of routes.entries()) {
    const length = route.ingestionPrefix.length;
    const example = exampleOf(route);
    for (const [m, other] of routes.entries()) {
      if (m === n || !fits(other, example)) continue;
      const otherLength = other.ingestionPrefix.length;
      const both = `routes ${route.orgKey} (${route.ingestionPrefix}) and ${other.orgKey} (${other.ingestionPrefix})`;
      if (otherLength > length)
        yield error(
          'routes',
          `${both} overlap: the second, whose prefix is longer, takes what the first is for`,
          remedy,
        );
      else if (otherLength === length && (n < m || !fits(route, exampleOf(other))))
        yield error('routes', `${both} fit the same folders, and neither goes before the other`, remedy);
      else if (otherLength < length && other.projectName !== route.projectName && !fits(route, exampleOf(other)))
        yield warning(
          'routes',
          `${both} overlap: the first lies within the second, which leads to another project (${other.projectName}); the longer prefix goes before`,
          remedy,
        );
    }
  }
}

function* unusedOf(stored: readonly unknown[], routes: readonly Route[]): Generator<Finding> {
  let projects: ReadonlySet<string>;
  try {
    projects = new Set(readSpecItems(stored).items.map(({ project }) => project));
  } catch (cause) {
    if (!(cause instanceof SpecError)) throw cause;
    // Told of the project that is examined, and with each route that leads there.
    return;
  }
  if (routes.length === 0) return;
  for (const project of projects)
    if (!routes.some(({ projectName }) => projectName === project))
      yield warning(
        'routes',
        `no enabled route leads to project ${project}: only notifications that name it reach its specs`,
        'add a route to the routing table, or remove its specs',
      );
}

async function* examineSpecsOf(
  route: Route,
  specWarnings: RouteExaminationDeps['specWarnings'],
): AsyncGenerator<Finding> {
  const of = `route ${route.orgKey}, project ${route.projectName}`;
  const remedy = 'correct the item in the parameters table';
  try {
    for (const text of await specWarnings(route)) yield warning('specs', `${of}: ${text}`, remedy);
  } catch (cause) {
    if (!(cause instanceof SpecError)) throw cause;
    for (const fault of cause.faults) yield error('specs', `${of}: ${fault}`, remedy);
  }
}

/** Up to the first folder that differs from one mini-batch to the next. */
function rootOf({ ingestionPrefix, org1, org2, projectName: project }: Route): string {
  const template = fillTemplate(completeTemplate(ingestionPrefix), { org1, org2, project });
  const segments = template.split('/');
  const end = segments.findIndex((segment) => segment === ANY_FOLDERS || segment.includes('{'));
  return segments.slice(0, end).join('/');
}

async function* examinePrefix(
  route: Route,
  rawFiles: NonNullable<RouteExaminationDeps['rawFiles']>,
): AsyncGenerator<Finding> {
  const root = rootOf(route);
  try {
    const folders = await rawFiles.folders(root);
    // Whether objects may be read shows in what is said of one that is not there.
    await rawFiles.has(root, '_doctor');
    const state = folders.length > 0 ? 'can be listed and read' : 'can be listed; nothing has arrived there yet';
    yield info('raw', `route ${route.orgKey}: ${root} ${state}`);
  } catch (cause) {
    const { what, remedy } = reachFinding('raw', cause, 'check s3.endpoint, the network and the server');
    yield error('raw', `route ${route.orgKey}: ${what}`, remedy!);
  }
}
