import { mkdir, mkdtemp, rm, symlink, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diskFault } from '../../src/state/disk-fault.ts';
import { openDirectoryItems } from '../../src/state/items/directory.ts';
import { openDirectoryLake } from '../../src/state/lake/directory.ts';
import { Refused } from '../../src/state/refused.ts';
import { Unavailable } from '../../src/state/unavailable.ts';
import { openDirectoryWindowState } from '../../src/state/window-state/directory.ts';
import { blockKey } from '../conformance/window-state-suite.ts';
import { filesBelow } from '../support/folder-content.ts';

const failed = (code: string): Error => Object.assign(new Error(`${code}: as Node tells it`), { code });

describe('an error of the file system', () => {
  it.each([
    ['ENOSPC', true, 'the disk is full; free space on it'],
    ['EDQUOT', true, 'the quota of this user is used up; raise it, or free space'],
    ['EROFS', true, 'the file system is read-only; mount it for writing, or choose another home'],
    ['EACCES', false, 'this user may not; change owner or permissions of the folder'],
    ['EIO', false, 'the disk reports an error; look into the log of the system (dmesg)'],
  ])('%s is refused until somebody changes something, with the place and what that is', (code, isWhole, remedy) => {
    const fault = diskFault(failed(code), 'cannot create /home/a');
    expect(fault).toBeInstanceOf(Refused);
    expect(fault).toMatchObject({
      system: 'disk',
      isWhole,
      message: `disk: cannot create /home/a: ${code}: ${remedy}`,
    });
  });

  it.each(['EMFILE', 'ENFILE'])('%s passes', (code) => {
    const fault = diskFault(failed(code), 'cannot read /home/a');
    expect(fault).toBeInstanceOf(Unavailable);
    expect(fault).toMatchObject({ system: 'disk', message: expect.stringContaining('raise its limit') });
  });

  it('that is of what was asked stays as it is, and so does one that was told before', () => {
    for (const error of [failed('ENOENT'), failed('EISDIR'), new Error('no code'), 'a text'])
      expect(diskFault(error, 'cannot read /home/a')).toBe(error);
    const told = diskFault(failed('ENOSPC'), 'cannot create /home/a');
    expect(diskFault(told, 'cannot commit')).toBe(told);
  });
});

/** Where nobody can make a folder, whoever he is. */
const NOWHERE = '/sys/ndr';
/** A file whose first byte is an error of its device. */
const BROKEN = '/proc/self/mem';

describe('adapters of the home on a disk that does not let them', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'disk-fault-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('write nothing, and say that it is the disk', async () => {
    const state = openDirectoryWindowState(NOWHERE);
    const [lake, items] = [await openDirectoryLake(NOWHERE), await openDirectoryItems(NOWHERE)];
    const bytes = Uint8Array.of(1);
    for (const writing of [
      state.put(blockKey(), bytes),
      lake.create('a/b', bytes),
      items.put('batch_index', 'office', 'a', {}),
    ]) {
      const fault = await writing.catch((error: unknown) => error);
      expect(fault).toBeInstanceOf(Refused);
      expect(fault).toMatchObject({ system: 'disk', message: expect.stringContaining(NOWHERE) });
    }
  });

  it('of the lake and of items, say so when they read; of window state, has nothing there and puts over it', async () => {
    const lake = await openDirectoryLake(folder);
    await symlink(BROKEN, join(folder, 'broken'));
    await expect(lake.read('broken')).rejects.toMatchObject({ name: 'Refused', isWhole: false });

    const items = await openDirectoryItems(folder);
    await items.put('batch_index', 'office', 'a', { n: 1 });
    const [version] = (await filesBelow(folder)).filter((path) => path.endsWith('.json'));
    await unlink(join(folder, version!));
    await symlink(BROKEN, join(folder, version!));
    await expect(items.get('batch_index', 'office', 'a')).rejects.toMatchObject({ name: 'Refused', isWhole: false });

    const place = join(folder, 'windows');
    await mkdir(place);
    const state = openDirectoryWindowState(place);
    await state.put(blockKey(), Uint8Array.of(1));
    const [block] = await filesBelow(place);
    await unlink(join(place, block!));
    await symlink(BROKEN, join(place, block!));
    expect(await state.get(blockKey())).toBeUndefined();
    await state.put(blockKey(), Uint8Array.of(2));
    expect([...(await state.get(blockKey()))!]).toEqual([2]);
  });
});
