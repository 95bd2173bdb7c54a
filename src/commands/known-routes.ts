import { type Route, readRoute, type WrongRoute } from '../config/routing.ts';
import { SpecError } from '../config/spec-payload.ts';
import type { SpecSource, StoredRecord } from '../state/specs.ts';

/** What the routing table says. */
export interface TableOfRoutes {
  /** Those that can be used: as they are, or as they were before they were made wrong. */
  readonly right: readonly Route[];
  /** Those that were wrong whenever they were read. */
  readonly wrong: readonly WrongRoute[];
}

/**
 * Routes as they stood at most `keptMs` ago. An edit that makes one wrong, or the whole file of them, changes nothing but what is
 * warned of; one that removes a route does.
 */
export function openKnownRoutes(
  specs: Pick<SpecSource, 'routes'>,
  keptMs: number,
  warn: (text: string) => void,
  clock: () => number,
): { now(): Promise<TableOfRoutes> } {
  let known: TableOfRoutes | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let lastRight = new Map<string, Route>();
  let said: ReadonlySet<string> = new Set();

  /** Once as long as they stay as they are. */
  const tell = (texts: readonly string[]): void => {
    for (const text of texts) if (!said.has(text)) warn(text);
    said = new Set(texts);
  };

  const tableOf = (stored: readonly StoredRecord[]): TableOfRoutes => {
    const rightNow = new Map<string, Route>();
    const wrong: WrongRoute[] = [];
    const texts: string[] = [];
    for (const item of stored) {
      const read = readRoute(item);
      if (read.is === 'right') {
        rightNow.set(read.route.orgKey, read.route);
        texts.push(...read.warnings);
        continue;
      }
      const before = lastRight.get(read.orgKey);
      if (before === undefined) wrong.push(read);
      else rightNow.set(read.orgKey, before);
      const until = before === undefined ? 'what it may be for is held' : 'the route stays as it was';
      texts.push(...read.faults.map((fault) => `${fault}; until it is corrected, ${until}`));
    }
    lastRight = rightNow;
    tell(texts);
    return { right: [...rightNow.values()], wrong };
  };

  return {
    async now() {
      if (known !== undefined && clock() - readAt < keptMs) return known;
      try {
        known = tableOf(await specs.routes());
      } catch (error) {
        if (!(error instanceof SpecError) || known === undefined) throw error;
        tell(error.faults.map((fault) => `${fault}; until it is corrected, routes stay as they were`));
      }
      readAt = clock();
      return known;
    },
  };
}
