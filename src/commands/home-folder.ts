import { access, constants, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, isMissing } from '../state/durable-file.ts';
import { UsageError } from './command.ts';

/** Makes the home's folder where it is not there; throws a UsageError where it cannot be one. */
export async function ensureHome(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new UsageError(`home: ${folder} ${homeFault(codeOf(error))}; choose another with --home or NDR_HOME`, {
      cause: error,
    });
  }
}

function homeFault(code = 'unknown error'): string {
  if (code === 'EEXIST' || code === 'ENOTDIR') return 'is a file, or lies below one';
  if (code === 'EACCES' || code === 'EPERM') return `is not readable and writable for this user (${code})`;
  if (code === 'EROFS') return 'lies on a file system that is read-only';
  return `cannot be made (${code})`;
}

/** mkdir -p that gives up where a folder cannot be made: Node's own tries for ever on file systems such as /proc. */
async function makeFolder(folder: string): Promise<void> {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    (error) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
  if (isFolder || dirname(folder) === folder) return;
  await makeFolder(dirname(folder));
  await mkdir(folder).catch(async (error) => {
    // Another process may have made it meanwhile.
    if (codeOf(error) !== 'EEXIST' || !(await stat(folder)).isDirectory()) throw error;
  });
}
