import { type MiniBatchPath, readMiniBatchFolder } from '../config/mini-batch-path.ts';
import type { NotifiedFolder } from '../config/notification.ts';
import { mayBeOf, type Route, routeOf, type WrongRoute } from '../config/routing.ts';
import { readSpecItems, type SpecItems } from '../config/spec-items.ts';
import { SpecError } from '../config/spec-payload.ts';
import { resolveFeatureSpecVersion } from '../config/spec-version.ts';
import type { Routed } from '../consumers/pump-ports.ts';
import { folderOfPath } from '../consumers/settle-slice.ts';
import type { StreamName } from '../consumers/stream-name.ts';
import { Refused } from '../state/refused.ts';
import type { SpecSource } from '../state/specs.ts';
import { openKnownRoutes } from './known-routes.ts';

/** Routes and specs are read again after so long. */
const KEPT_MS = 60_000;

export interface LiveRoutes {
  /** Those that can be used; what cannot is warned of. */
  all(): Promise<readonly Route[]>;
  /** Throws `Refused` where the folder may belong to a route that is wrong. */
  route(named: NotifiedFolder): Promise<Routed>;
  streamOf(route: Route): Promise<StreamName>;
  /** The bucket that all routes lead to; undefined where they lead to several, or to none. */
  bucketOfKeys(): Promise<string | undefined>;
}

/** What of the settings decides where a folder belongs. */
export interface RouteRules {
  /** Of folders while there is no route at all. */
  readonly project: string;
  /** Wins over the route's; null: unset. */
  readonly version: string | null;
  /** Of projects that have no versioned spec; null: they need one. */
  readonly fallbackVersion: string | null;
}

/**
 * Tells by routes and specs, as they stood at most a minute ago, to which stream a folder belongs. What somebody made wrong is
 * taken as it was when it was right.
 */
export function openLiveRoutes(
  specs: SpecSource,
  rules: RouteRules,
  warn: (text: string) => void,
  clock: () => number,
): LiveRoutes {
  const routes = openKnownRoutes(specs, KEPT_MS, warn, clock);
  const items = new Map<string, { readonly at: number; readonly items: SpecItems['items'] }>();

  const itemsOf = async (project: string): Promise<SpecItems['items']> => {
    const read = items.get(project);
    if (read !== undefined && clock() - read.at < KEPT_MS) return read.items;
    const now = await readItems(specs, project).catch((error: unknown) => {
      // That they are wrong is told where they are opened.
      if (error instanceof SpecError && read !== undefined) return read.items;
      throw error;
    });
    items.set(project, { at: clock(), items: now });
    return now;
  };

  const versionOf = async (project: string, explicit: string | null, route: string | null): Promise<string> => {
    return resolveFeatureSpecVersion({
      items: await itemsOf(project),
      project,
      explicit,
      route,
      fallback: rules.fallbackVersion,
    });
  };

  return {
    all: async () => (await routes.now()).right,
    streamOf: async ({ projectName: project, featureSpecVersion }) => ({
      project,
      version: await versionOf(project, rules.version, featureSpecVersion),
    }),
    async bucketOfKeys() {
      const { right, wrong } = await routes.now();
      const buckets = new Set([...right, ...wrong].map(({ ingestionPrefix }) => bucketOf(ingestionPrefix ?? '')));
      return buckets.size === 1 ? [...buckets][0] : undefined;
    },
    async route(named) {
      const { right, wrong } = await routes.now();
      const place = placeOf(named, right, wrong, rules);
      if ('why' in place) return { is: 'poison', why: place.why };
      if (!place.isEnabled) return { is: 'disabled' };
      const { project, path } = place;
      if (named.miniBatchId !== undefined && named.miniBatchId !== path.miniBatchId) {
        return poison(`mini_batch_id is "${named.miniBatchId}", but ${path.folder} is mini-batch ${path.miniBatchId}`);
      }
      try {
        const version = await versionOf(project, named.featureSpecVersion ?? rules.version, place.version);
        return { is: 'routed', stream: { project, version }, folder: folderOfPath(path) };
      } catch (error) {
        if (error instanceof SpecError) return poison(error.faults.join('; '));
        throw error;
      }
    },
  };
}

const bucketOf = (address: string): string | undefined => /^s3:\/\/([^/{}]+)(?:\/|$)/.exec(address)?.[1];

const readItems = async (specs: SpecSource, project: string): Promise<SpecItems['items']> =>
  readSpecItems(await specs.items(project)).items;

const poison = (why: string): Routed => ({ is: 'poison', why });

type Place =
  | {
      readonly project: string;
      readonly version: string | null;
      readonly path: MiniBatchPath;
      readonly isEnabled: boolean;
    }
  | { readonly why: string };

function placeOf(
  { folder, projectName }: NotifiedFolder,
  routes: readonly Route[],
  wrong: readonly WrongRoute[],
  rules: RouteRules,
): Place {
  const routed = routeOf(routes, folder);
  const nearer = (one: WrongRoute): boolean =>
    mayBeOf(one, folder) && one.ingestionPrefix!.length > routed!.route.ingestionPrefix.length;
  const between = routed === undefined ? wrong : wrong.filter(nearer);
  if (between.length > 0) throw heldFor(folder, between);
  if (routed !== undefined) {
    const { route, answer } = routed;
    if (projectName !== undefined && projectName !== route.projectName)
      return {
        why: `project_name is "${projectName}", but ${folder} belongs to ${route.projectName} by route ${route.orgKey}`,
      };
    if (answer.is === 'fault') return { why: answer.why };
    const { projectName: project, featureSpecVersion: version, enabled: isEnabled } = route;
    return { project, version, path: answer.path, isEnabled };
  }
  // A project that is named needs no route, and where there is none at all there is one project.
  const project = projectName ?? (routes.length === 0 ? rules.project : undefined);
  if (project === undefined) {
    const known = routes.map(({ orgKey, ingestionPrefix }) => `${orgKey} (${ingestionPrefix})`).join(', ');
    return { why: `no route fits ${folder}; there are ${known}; add one to the routing table, or name the project` };
  }
  const answer = readMiniBatchFolder(folder);
  return answer.is === 'fault'
    ? { why: answer.why }
    : { project, version: null, path: { ...answer.path, folder }, isEnabled: true };
}

/** Whoever corrects the route finds the notification where it was: it says nothing of the folder that a route is wrong. */
const heldFor = (folder: string, wrong: readonly WrongRoute[]): Refused =>
  new Refused(
    'routes',
    `${folder} may belong to a route that is wrong: ${wrong.flatMap(({ faults }) => faults).join('; ')}; correct it in the routing table`,
    false,
  );
