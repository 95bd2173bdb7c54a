import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { formatInstant, instantOfText, UTC } from '../../operators/time.ts';
import { diskFault, onDisk } from '../disk-fault.ts';
import { clearScratch, codeOf, namesIn, SCRATCH } from '../durable-file.ts';
import { plainPart } from '../partition.ts';
import { ownLife } from '../process-life.ts';
import { Refused } from '../refused.ts';
import type { BlockKey, BlockStores, WindowState } from '../window-state.ts';

/** Window state in a folder: <project>/<version>/<slice_end>/<mini-batch>.<manifest>.<shard>-of-<shards>.block */
export function openDirectoryWindowState(folder: string): WindowState {
  const root = resolve(folder);
  const scratch = join(root, SCRATCH);
  const place = ({ project, version, shards, shard, sliceEnd, miniBatchId, manifest }: BlockKey): string => {
    const name = `${plainPart(miniBatchId)}.${manifest.slice(0, 12)}.${shard}-of-${shards}.block`;
    return join(root, plainPart(project), plainPart(version), formatInstant(sliceEnd), name);
  };
  return {
    async get(key) {
      try {
        return await readFile(place(key));
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        const fault = diskFault(error, `cannot read ${place(key)}`);
        // What the disk will not give is rebuilt and put in its place; where it takes that neither, it says so.
        if (fault instanceof Refused) return undefined;
        throw fault;
      }
    },
    async put(key, block) {
      await onDisk(`cannot write window state to ${root}`, () => putWhole(scratch, place(key), block));
      return 'stored';
    },
    async prune(project, version, sliceEnd) {
      const slices = join(root, plainPart(project), plainPart(version));
      for (const name of await namesIn(slices)) {
        if (instantOfText(name, UTC) > sliceEnd) continue;
        const slice = join(slices, name);
        await onDisk(`cannot remove ${slice}`, () => rm(slice, { recursive: true, force: true, maxRetries: 3 }));
      }
    },
  };
}

async function putWhole(scratch: string, path: string, block: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await mkdir(scratch, { recursive: true });
  // Not synced to the disk: a block that a power cut damages does not open, and is rebuilt.
  // Several shards may miss the same block and put it back at once: each has an unfinished file of its own.
  const unfinished = join(scratch, `${ownLife()}-${randomUUID()}`);
  try {
    await writeFile(unfinished, block);
    await rename(unfinished, path).catch(async (error) => {
      if (codeOf(error) !== 'ENOENT') throw error;
      // Another process let go of the whole slice meanwhile.
      await mkdir(dirname(path), { recursive: true });
      await rename(unfinished, path);
    });
  } catch (error) {
    // On a full disk, each try would else take some more of it.
    await rm(unfinished, { force: true }).catch(() => {});
    throw error;
  }
}

const storeFolders = (folder: string): Record<keyof BlockStores, string> => ({
  windows: join(folder, 'windows'),
  timings: join(folder, 'timings'),
  days: join(folder, 'lookback', 'days'),
  bases: join(folder, 'lookback', 'bases'),
  baselines: join(folder, 'baselines'),
});

/**
 * The stores of all blocks below one folder. Rolled-up days and baselines may be shared with another: their names say what
 * they hold.
 */
export function openDirectoryBlockStores(folder: string, folderOfShared = folder): BlockStores {
  const { windows, timings, bases } = storeFolders(folder);
  const { days, baselines } = storeFolders(folderOfShared);
  return {
    windows: openDirectoryWindowState(windows),
    timings: openDirectoryWindowState(timings),
    days: openDirectoryWindowState(days),
    bases: openDirectoryWindowState(bases),
    baselines: openDirectoryWindowState(baselines),
  };
}

/** Removes the blocks that killed processes left unfinished; to be called before any is written. */
export async function clearUnfinishedBlocks(folder: string): Promise<void> {
  for (const store of Object.values(storeFolders(folder))) await clearScratch(join(resolve(store), SCRATCH));
}
