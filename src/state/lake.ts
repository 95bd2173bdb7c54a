export interface LakeEntry {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** When the file came into being, milliseconds UTC by the store's clock. */
  readonly modifiedMs: number;
}

/**
 * Where files live. Paths are keys below a root, parts separated by `/`. A path is whole or absent for every reader at
 * every instant, and what has been created never changes: it can only be removed.
 */
export interface Lake {
  /** Throws NotFound if nothing is there. */
  read(path: string): Promise<Uint8Array>;
  exists(path: string): Promise<boolean>;
  /** Every file whose path begins with the text `prefix`, by code point of the path; what vanishes meanwhile is left out. */
  list(prefix: string): AsyncIterable<LakeEntry>;
  /** Creates the file, or leaves the one that is there as it is: of several writers of a path exactly one hears `created`. */
  create(path: string, bytes: Uint8Array): Promise<'created' | 'exists'>;
  /** Does nothing if the path is absent. */
  remove(path: string): Promise<void>;
}

/** A path of the lake holds nothing: never written, or swept since the index was read. */
export class NotFound extends Error {
  override readonly name = 'NotFound';
  readonly path: string;
  constructor(lake: string, path: string) {
    super(`lake ${lake}: nothing at ${path}; if the index named it, read the index again: a newer revision may count`);
    this.path = path;
  }
}

/** First part of paths that adapters keep for themselves. */
export const RESERVED = '_tmp';

/** Throws unless `path` is a key that every adapter can hold. */
export function checkPath(path: string): void {
  const parts = path.split('/');
  const fault =
    path === ''
      ? 'is empty'
      : parts.includes('')
        ? 'has an empty part; write it without a slash at either end or twice in a row'
        : parts.includes('.') || parts.includes('..')
          ? 'has a part . or ..; write the path out'
          : parts[0] === RESERVED
            ? `lies in ${RESERVED}, which holds unfinished files`
            : path.includes('\0')
              ? 'holds a NUL'
              : !path.isWellFormed()
                ? 'holds half a surrogate pair'
                : undefined;
  if (fault !== undefined) throw new Error(`lake path ${JSON.stringify(path)} ${fault}`);
}

/** Throws unless `prefix` is the beginning of paths that `checkPath` lets through. Empty means everything. */
export function checkPrefix(prefix: string): void {
  if (prefix === '') return;
  const whole = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  // A beginning such as `a/.` may go on as `a/.x`, so only whole parts are judged.
  checkPath(prefix.endsWith('/') ? whole : `${whole}~`);
}
