import { type Route, readRoute, routeOf } from '../config/routing.ts';
import { SpecError } from '../config/spec-payload.ts';
import { folderOfPath } from '../consumers/settle-slice.ts';
import { type Candidate, readFolder } from '../consumers/take-mini-batch.ts';
import type { SpecSource } from '../state/specs.ts';

/** What the path of a folder says of the mini-batch in it, or why it is none. */
export type FolderReader = (path: string) => Candidate['folder'];

/**
 * Reads folders of one project as a notification about them would be: by the project's routes, which may make ids of more than a
 * folder's name, or else by the name. Whoever takes a folder, and by whatever command, knows it under the same id; so a route of
 * the project that is wrong is a SpecError.
 */
export async function openFolderReader(
  specs: Pick<SpecSource, 'routes'>,
  project: string,
  warn: (text: string) => void,
): Promise<FolderReader> {
  const own: Route[] = [];
  for (const item of await specs.routes()) {
    const read = readRoute(item);
    if (read.is === 'wrong') {
      if (read.project === project) throw new SpecError(read.faults);
      for (const fault of read.faults) warn(`${fault}; the route is left out`);
      continue;
    }
    if (read.route.projectName === project) own.push(read.route);
    for (const text of read.warnings) warn(text);
  }
  return (path) => {
    const routed = routeOf(own, path);
    if (routed === undefined) return readFolder(path);
    return routed.answer.is === 'fault' ? { fault: routed.answer.why } : folderOfPath(routed.answer.path);
  };
}
