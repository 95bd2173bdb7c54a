import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDirectoryWindowState } from '../../../src/state/window-state/directory.ts';
import { windowStateSuite } from '../../conformance/window-state-suite.ts';
import { filesBelow } from '../../support/folder-content.ts';

windowStateSuite('a directory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'window-state-'));
  return {
    state: openDirectoryWindowState(folder),
    kept: async () => filesBelow(folder),
    close: () => rm(folder, { recursive: true }),
  };
});
