import { type MiniBatchPath, readMiniBatchFolder } from '../config/mini-batch-path.ts';
import { ANY_FOLDERS, completeTemplate, fillTemplate, segmentMatcher } from '../config/path-template.ts';
import { pathRulesOf, type Route } from '../config/routing.ts';
import type { RawFiles } from '../state/raw-files.ts';

/** Folders that `...` may stand for, one below the other. */
const MOST_DEPTH = 8;

/**
 * The folders of a route's mini-batches under one date, `YYYY-MM-DD`, as they lie there. Lists the folders on the way alone:
 * what is literal in the route's template is not looked for, and what the date says is not either.
 */
export async function* walkRoute(
  rawFiles: Pick<RawFiles, 'folders'>,
  route: Route,
  date: string,
): AsyncGenerator<MiniBatchPath> {
  const [yyyy = '', mm = '', dd = ''] = date.split('-');
  const { org1, org2, projectName: project } = route;
  const template = fillTemplate(completeTemplate(route.ingestionPrefix), { yyyy, mm, dd, org1, org2, project });
  const scheme = /^[a-z][a-z0-9+.-]*:\/\/[^/]*/i.exec(template)?.[0] ?? '';
  const segments = template
    .slice(scheme.length)
    .split('/')
    .filter((segment) => segment !== '');
  const root = scheme === '' && template.startsWith('/') ? '/' : scheme;
  for await (const folder of walk(rawFiles, root, segments, 0)) {
    const answer = readMiniBatchFolder(folder, pathRulesOf(route));
    if (answer.is === 'mini-batch') yield answer.path;
  }
}

async function* walk(
  rawFiles: Pick<RawFiles, 'folders'>,
  at: string,
  segments: readonly string[],
  depth: number,
): AsyncGenerator<string> {
  const [segment, ...rest] = segments;
  if (segment === undefined) return yield at;
  if (segment === ANY_FOLDERS) {
    yield* walk(rawFiles, at, rest, 0);
    if (depth === MOST_DEPTH) return;
    const next = segmentMatcher(rest[0] ?? '');
    for (const name of await rawFiles.folders(at)) {
      // What looks like a year leads to other days of the same kind.
      if (next(name) || /^\d{4}$/.test(name)) continue;
      yield* walk(rawFiles, join(at, name), segments, depth + 1);
    }
    return;
  }
  if (!segment.includes('{')) return yield* walk(rawFiles, join(at, segment), rest, 0);
  const matches = segmentMatcher(segment);
  for (const name of await rawFiles.folders(at)) if (matches(name)) yield* walk(rawFiles, join(at, name), rest, 0);
}

const join = (folder: string, name: string): string => (folder === '/' ? `/${name}` : `${folder}/${name}`);
