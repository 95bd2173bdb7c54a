import { createHash } from 'node:crypto';
import { createReadStream, type Dirent, type Stats } from 'node:fs';
import { lstat, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isDataFile } from '../../config/mini-batch-path.ts';
import { codeOf, isMissing } from '../durable-file.ts';
import { compareKeys } from '../key-order.ts';
import { DamagedFile, type RawFile, type RawFiles } from '../raw-files.ts';

/** Small chunks cost a thread-pool hop each. */
const READ_BYTES = 1 << 18;

/** Errors of the file system that say something of one file, not of the machine, and that the next try meets again. */
const LASTING: Readonly<Record<string, string>> = {
  EACCES: 'this user may not read it; change its permissions',
  EPERM: 'this user may not read it; change its permissions',
  ENOENT: 'it is not there, or a link that leads nowhere; deliver it again',
  ELOOP: 'it is a link that leads in a circle; deliver the file itself',
  EISDIR: 'it is a folder; deliver a file',
  ENXIO: 'it is no regular file; deliver one',
  ENODEV: 'it is no regular file; deliver one',
  EINVAL: 'it cannot be read as a file; deliver it again',
  EIO: 'its storage reports an error; deliver it again',
};

/** Raw logs in folders of the file system. */
export function openDirectoryRawFiles(): RawFiles {
  return {
    async list(folder) {
      const names = (await readdir(folder)).filter(isDataFile).sort();
      return Promise.all(names.map((name) => fileAt(name, join(folder, name))));
    },
    async folders(folder) {
      try {
        const children = await readdir(folder, { withFileTypes: true });
        const isFolder = await Promise.all(children.map((child) => leadsToFolder(child)));
        return children
          .filter((_, n) => isFolder[n])
          .map(({ name }) => name)
          .sort(compareKeys);
      } catch (error) {
        if (isMissing(error)) return [];
        throw error;
      }
    },
    /** sha256 hex. */
    async etag({ path, fault }) {
      if (fault !== undefined) return unreadable(fault);
      const hash = createHash('sha256');
      try {
        for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES }))
          hash.update(chunk as Uint8Array);
      } catch (error) {
        return unreadable(faultOf(error));
      }
      return hash.digest('hex');
    },
    async *read({ path }, from = 0) {
      try {
        const file = await open(path);
        const stream = file.createReadStream({ highWaterMark: READ_BYTES, start: from });
        try {
          yield* stream as AsyncIterable<Uint8Array<ArrayBuffer>>;
        } finally {
          stream.destroy();
        }
      } catch (error) {
        const code = codeOf(error);
        if (code !== undefined && code in LASTING) throw new DamagedFile(faultOf(error), { cause: error });
        throw error;
      }
    },
    async has(folder, name) {
      try {
        await stat(join(folder, name));
        return true;
      } catch (error) {
        if (isMissing(error)) return false;
        throw error;
      }
    },
  };
}

async function leadsToFolder(child: Dirent): Promise<boolean> {
  if (!child.isSymbolicLink()) return child.isDirectory();
  const facts = await stat(join(child.parentPath, child.name)).catch(() => undefined);
  return facts?.isDirectory() === true;
}

async function fileAt(name: string, path: string): Promise<RawFile> {
  // stat follows a link to its file.
  const facts = await stat(path).catch(faultOf);
  if (typeof facts === 'string') {
    // A link that leads nowhere has only itself to tell its age.
    const own = await lstat(path).catch(() => undefined);
    return { name, path, size: 0, modifiedMs: 0, arrivedMs: own?.ctimeMs ?? 0, fault: facts };
  }
  const times = { modifiedMs: Math.floor(facts.mtimeMs), arrivedMs: facts.ctimeMs };
  if (facts.isFile()) return { name, path, size: facts.size, ...times };
  return { name, path, size: 0, ...times, modifiedMs: 0, fault: kindFault(facts) };
}

const kindFault = (facts: Stats): string => LASTING[facts.isDirectory() ? 'EISDIR' : 'ENXIO']!;

/** The fault that an error names; throws what is not of the file. */
function faultOf(error: unknown): string {
  const code = codeOf(error);
  const why = code === undefined ? undefined : LASTING[code];
  if (why === undefined) throw error;
  return code === 'EISDIR' || code === 'ENXIO' ? why : `${why} (${code})`;
}

const unreadable = (fault: string): string => `unreadable: ${fault.slice(0, fault.indexOf(';'))}`;
