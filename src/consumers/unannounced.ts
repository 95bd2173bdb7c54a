import { pathRulesOf, type Route } from '../config/routing.ts';
import { DAY_MS, formatInstant } from '../operators/time.ts';
import type { BatchIndex } from '../state/batch-index.ts';
import { listPresent, type RawFiles } from '../state/raw-files.ts';
import type { FoundFolders } from './pump-ports.ts';
import { walkRoute } from './route-walk.ts';
import { folderOfPath } from './settle-slice.ts';
import type { StreamName } from './stream-name.ts';

export interface UnannouncedSearch {
  readonly rawFiles: RawFiles;
  readonly index: BatchIndex;
  readonly routes: readonly Route[];
  /** The stream of a route; throws where its specs do not tell. */
  readonly streamOf: (route: Route) => Promise<StreamName>;
  readonly isKnown: (stream: StreamName, path: string) => boolean;
  readonly now: number;
  /** A folder whose newest file is younger may still be announced; one that was planned later is in somebody's hands. */
  readonly graceMs: number;
}

/**
 * Folders of today and yesterday, UTC, that nothing announced or whose later files nothing did: those that were never
 * settled, those that were left lying, and those that hold other files than were committed.
 */
export async function findUnannounced(search: UnannouncedSearch): Promise<FoundFolders> {
  const folders: FoundFolders['folders'][number][] = [];
  const streams: StreamName[] = [];
  const faults: string[] = [];
  for (const route of search.routes.filter(({ enabled }) => enabled)) {
    try {
      const stream = await search.streamOf(route);
      streams.push(stream);
      for (const date of [dateOf(search.now - DAY_MS), dateOf(search.now)]) {
        for await (const found of walkRoute(search.rawFiles, route, date)) {
          const { folder: path, miniBatchId } = found;
          if (search.isKnown(stream, path) || !(await isWanted(search, stream, path, miniBatchId))) continue;
          folders.push({ stream, path, folder: folderOfPath(found) });
        }
      }
    } catch (error) {
      const { template } = pathRulesOf(route);
      faults.push(
        `routing ${route.orgKey}: ${template} cannot be searched: ${error instanceof Error ? error.message : error}`,
      );
    }
  }
  return { streams, folders, faults };
}

const dateOf = (instant: number): string => formatInstant(instant).slice(0, 10);

async function isWanted(
  { rawFiles, index, now, graceMs }: UnannouncedSearch,
  { project, version }: StreamName,
  folder: string,
  miniBatchId: string,
): Promise<boolean> {
  const files = await listPresent(rawFiles, folder);
  const newest = Math.max(...files.map(({ arrivedMs }) => arrivedMs));
  if (files.length === 0 || now - newest < graceMs) return false;
  const isInHand = async (): Promise<boolean> => {
    const slice = await index.settledSlice(project, miniBatchId);
    if (slice === undefined) return false;
    const beside = await index.planned(project, version, slice.sliceEnd - 1, slice.sliceEnd);
    return beside.some(
      ({ miniBatchId: id, is, plannedAt }) =>
        id === miniBatchId && is === 'planned' && plannedAt !== null && now - plannedAt < graceMs,
    );
  };
  const batch = await index.batch(project, version, miniBatchId);
  if (batch !== undefined && batch.failure !== null && batch.failure.at > newest) return false;
  if (batch === undefined || batch.revision === 0) return !(await isInHand());
  // Where only reading tells content from content, planning finds out.
  return files.some(
    ({ name, etag }) => batch.inputs[name] === undefined || (etag !== undefined && batch.inputs[name] !== etag),
  );
}
