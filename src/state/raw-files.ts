import { isMissing } from './durable-file.ts';

/** One raw file of a mini-batch. */
export interface RawFile {
  readonly name: string;
  /** Path or address of the file. */
  readonly path: string;
  /** Bytes; 0 of what is no file. */
  readonly size: number;
  readonly modifiedMs: number;
  /** When the file came to be as it is, ms UTC. A copy may bring an old time of modification along, but not this one. */
  readonly arrivedMs: number;
  /** Where the place itself tells content from content. */
  readonly etag?: string;
  /** Why it cannot be a file of records, whatever it holds: a folder of that name, say. */
  readonly fault?: string;
}

/** Where raw logs lie. What is read there belongs to somebody else: files may come, change and go at any time. */
export interface RawFiles {
  /**
   * The data files of a folder, by name; what has a data file's name and is none stands there with its fault. Throws where
   * the folder is not there, if the place knows folders.
   */
  list(folder: string): Promise<RawFile[]>;
  /** Names of the folders that lie directly in a folder, in order; none where it is not there. */
  folders(folder: string): Promise<string[]>;
  /**
   * Tells content from content: the same etag means the same bytes. Touching or copying a file does not change it, but where
   * the place itself makes it and says so. Of one that cannot be read, what will be another once it can be.
   */
  etag(file: RawFile): Promise<string>;
  /**
   * Bytes of a file as it lies there, from byte `from` on. Throws DamagedFile where it never can be read, anything else
   * where it may be the next time: also if it is not the listed one any more.
   */
  read(file: RawFile, from?: number): AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** Whether a file of any name is there, such as a marker. */
  has(folder: string, name: string): Promise<boolean>;
}

/** What is wrong with a file itself, and will be wrong with it the next time: it costs the file. */
export class DamagedFile extends Error {
  override readonly name = 'DamagedFile';
}

/** The data files of a folder; none where it is not there. */
export async function listPresent(rawFiles: RawFiles, folder: string): Promise<RawFile[]> {
  try {
    return await rawFiles.list(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Whether two listings tell of the same files with the same content. */
export function isSameListing(one: readonly RawFile[], other: readonly RawFile[]): boolean {
  return traceOf(one) === traceOf(other);
}

const traceOf = (files: readonly RawFile[]): string =>
  JSON.stringify(files.map(({ name, size, modifiedMs, etag, fault }) => [name, size, modifiedMs, etag, fault]));
