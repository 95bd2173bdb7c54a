import { decodeRoute, type Route, routeOf } from '../config/routing.ts';
import { SpecError } from '../config/spec-payload.ts';
import { folderOfPath } from '../consumers/settle-slice.ts';
import { type Candidate, readFolder } from '../consumers/take-mini-batch.ts';
import type { SpecSource } from '../state/specs.ts';

/** What the path of a folder says of the mini-batch in it, or why it is none. */
export type FolderReader = (path: string) => Candidate['folder'];

/** A route as it is stored, and what there is to say of it; it is left out where it is wrong. */
export function decodedRoute(item: unknown): { readonly route?: Route; readonly texts: readonly string[] } {
  try {
    const { value, warnings } = decodeRoute(item);
    return { route: value, texts: warnings };
  } catch (error) {
    if (error instanceof SpecError) return { texts: error.faults.map((fault) => `${fault}; the route is left out`) };
    throw error;
  }
}

/**
 * Reads folders of one project as a notification about them would be: by the project's routes, which may make ids of more than a
 * folder's name, or else by the name. Whoever takes a folder, and by whatever command, knows it under the same id.
 */
export async function openFolderReader(
  specs: Pick<SpecSource, 'routes'>,
  project: string,
  warn: (text: string) => void,
): Promise<FolderReader> {
  const own: Route[] = [];
  for (const item of await specs.routes()) {
    const { route, texts } = decodedRoute(item);
    if (route?.projectName === project) own.push(route);
    for (const text of texts) warn(text);
  }
  return (path) => {
    const routed = routeOf(own, path);
    if (routed === undefined) return readFolder(path);
    return routed.answer.is === 'fault' ? { fault: routed.answer.why } : folderOfPath(routed.answer.path);
  };
}
