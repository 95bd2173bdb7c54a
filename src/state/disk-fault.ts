import { Refused } from './refused.ts';
import { Unavailable } from './unavailable.ts';

/** As breakers and `/readyz` call it. */
const DISK = 'disk';

interface Refusal {
  readonly remedy: string;
  /** False: other folders of it may do. */
  readonly isWhole: boolean;
}

/** What a disk will not do until somebody changes something; it says nothing of what was to be written or read. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  ENOSPC: { remedy: 'the disk is full; free space on it', isWhole: true },
  EDQUOT: { remedy: 'the quota of this user is used up; raise it, or free space', isWhole: true },
  EROFS: { remedy: 'the file system is read-only; mount it for writing, or choose another home', isWhole: true },
  EACCES: { remedy: 'this user may not; change owner or permissions of the folder', isWhole: false },
  EPERM: { remedy: 'the file system does not let this user; keep the home on a local disk of its own', isWhole: false },
  EIO: { remedy: 'the disk reports an error; look into the log of the system (dmesg)', isWhole: false },
};

/** What passes once others have closed some. */
const TOO_MANY: Readonly<Record<string, string>> = {
  EMFILE: 'this process has too many files open; raise its limit (ulimit -n)',
  ENFILE: 'this machine has too many files open; raise its limit (fs.file-max)',
};

/**
 * What is to be thrown for an error of the file system: `Refused` with a remedy where the disk is what keeps a thing from being
 * done, `Unavailable` where that passes; the error itself where it is of what was asked, or was told as one of these before.
 *
 * @param tried what was asked of which place, such as `cannot create /home/a`
 */
export function diskFault(error: unknown, tried: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const refusal = REFUSALS[code];
  if (refusal !== undefined) return new Refused(DISK, `${tried}: ${code}: ${refusal.remedy}`, refusal.isWhole);
  const passing = TOO_MANY[code];
  return passing === undefined ? error : new Unavailable(DISK, tried, new Error(`${code}: ${passing}`));
}

/** Does something on a disk, whose own faults are told as `diskFault` has them. */
export async function onDisk<T>(tried: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskFault(error, tried);
  }
}
