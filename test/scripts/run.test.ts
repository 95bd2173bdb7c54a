import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const PROJECT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Stands in for npm: counts its calls, takes a moment, and leaves what `npm ci` leaves. */
const NPM = `
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
writeFileSync('npm-pid', String(process.pid));
appendFileSync('npm-calls', process.argv.slice(2).join(' ') + '\\n');
if (process.env.NPM_FAILS) { console.error('npm error code EUSAGE'); process.exit(3); }
rmSync('node_modules', { recursive: true, force: true });
await new Promise((done) => setTimeout(done, Number(process.env.NPM_TAKES ?? 300)));
mkdirSync('node_modules/pad', { recursive: true });
const { 'node_modules/pad': pad } = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;
writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages: { 'node_modules/pad': pad } }));
`;
const LOCK = {
  packages: {
    '': {},
    'node_modules/pad': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/other': { optional: true },
  },
};

let root: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ndr-run-'));
  for (const folder of ['scripts', 'bin']) cpSync(join(PROJECT, folder), join(root, folder), { recursive: true });
  mkdirSync(join(root, 'src'));
  write('package.json', '{ "type": "module" }');
  write('package-lock.json', JSON.stringify(LOCK));
  write('npm-cli.mjs', NPM);
  write(
    'src/main.ts',
    'const said: string = JSON.stringify([process.argv.slice(2), process.cwd()]);\nprocess.stdout.write(said);\n',
  );
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

const write = (path: string, text: string) => writeFileSync(join(root, path), text);
const npmCalls = () =>
  existsSync(join(root, 'npm-calls')) ? readFileSync(join(root, 'npm-calls'), 'utf8').trim().split('\n') : [];

async function npmStarts(): Promise<void> {
  while (npmCalls().length === 0) await new Promise((later) => setTimeout(later, 20));
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when the process itself is gone, though a child of its may still hold its output. */
  readonly died: Promise<unknown>;
  /** Resolves once the output so far holds the text. */
  readonly says: (text: string) => Promise<void>;
}

function start(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = root,
): Running {
  const { npm_node_execpath: _, ...inherited } = process.env;
  const child = spawn(command, args, {
    cwd,
    env: { ...inherited, npm_execpath: join(root, 'npm-cli.mjs'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes) => {
    said.stdout += bytes;
  });
  child.stderr.on('data', (bytes) => {
    said.stderr += bytes;
  });
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, ...said })));
  const died = once(child, 'exit');
  const says = async (text: string) => {
    while (!`${said.stdout}${said.stderr}`.includes(text)) {
      if (child.exitCode !== null) throw new Error(`ended without saying "${text}": ${JSON.stringify(said)}`);
      await new Promise((later) => setTimeout(later, 20));
    }
  };
  return { child, ended, died, says };
}

const run = (args: readonly string[], env?: Readonly<Record<string, string>>) =>
  start(process.execPath, ['scripts/run.mjs', ...args], env);
const SETTING_UP = 'Setting up: installing pinned packages, once …\n';

describe('set-up', () => {
  it('installs once, saying so on stderr, and then starts at once', async () => {
    const first = await run(['src/main.ts', 'demo', '--once']).ended;
    expect(first).toEqual({ code: 0, stdout: JSON.stringify([['demo', '--once'], root]), stderr: SETTING_UP });
    expect(await run(['src/main.ts']).ended).toMatchObject({ code: 0, stderr: '' });
    expect(npmCalls()).toEqual(['ci --no-audit --no-fund --include=dev --include=optional']);
    expect(readdirSync(root)).not.toContain('.ndr-setup');
  });

  it('installs again when the lock file has changed', async () => {
    await run(['src/main.ts']).ended;
    write('package-lock.json', JSON.stringify({ packages: { '': {}, 'node_modules/pad': { integrity: 'sha512-b' } } }));
    expect(await run(['src/main.ts']).ended).toMatchObject({ code: 0, stderr: SETTING_UP });
    expect(npmCalls()).toHaveLength(2);
  });

  it('takes over what somebody installed by hand, if it is what the lock file says', async () => {
    mkdirSync(join(root, 'node_modules/pad'), { recursive: true });
    const installed = (integrity: string) => JSON.stringify({ packages: { 'node_modules/pad': { integrity } } });
    write('node_modules/.package-lock.json', installed('sha512-a'));
    expect(await run(['src/main.ts']).ended).toMatchObject({ code: 0, stderr: '' });
    expect(npmCalls()).toEqual([]);

    rmSync(join(root, 'node_modules/.ndr-installed-from'));
    write('node_modules/.package-lock.json', installed('sha512-other'));
    expect(await run(['src/main.ts']).ended).toMatchObject({ code: 0, stderr: SETTING_UP });
  });

  it('installs once for several that start together', async () => {
    const together = await Promise.all([1, 2, 3, 4].map(() => run(['src/main.ts'], { NPM_TAKES: '1000' }).ended));
    expect(together.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(npmCalls()).toHaveLength(1);
    const said = together.map(({ stderr }) => stderr).sort();
    expect(said.filter((line) => line === SETTING_UP)).toHaveLength(1);
    for (const line of said)
      expect(line).toMatch(/^(?:|Setting up: .*\n|Waiting for process \d+, which is setting this project up …\n)$/);
  });

  it('waits for an installation whose parent was killed, and takes it over', async () => {
    const orphaning = run(['src/main.ts'], { NPM_TAKES: '2000' });
    await npmStarts();
    orphaning.child.kill('SIGKILL');
    await orphaning.died;
    const after = await Promise.all([1, 2, 3].map(() => run(['src/main.ts']).ended));
    expect(after.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(npmCalls()).toHaveLength(1);
    expect(readdirSync(root)).not.toContain('.ndr-setup');
  });

  it('does not wait for a lock whose owners are dead', async () => {
    const dying = run(['src/main.ts'], { NPM_TAKES: '60000' });
    await npmStarts();
    dying.child.kill('SIGKILL');
    await dying.died;
    process.kill(Number(readFileSync(join(root, 'npm-pid'), 'utf8')), 'SIGKILL');
    expect(readdirSync(root)).toContain('.ndr-setup');
    const after = await Promise.all([1, 2, 3].map(() => run(['src/main.ts']).ended));
    expect(after.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(npmCalls()).toHaveLength(2);
    expect(readdirSync(root)).not.toContain('.ndr-setup');
  });

  it('shows what npm said when it fails, and what to do', async () => {
    const { code, stdout, stderr } = await run(['src/main.ts'], { NPM_FAILS: '1' }).ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('npm error code EUSAGE');
    expect(stderr).toContain(`set-up: "npm ci" ended with code 3 in ${root}`);
    expect(await run(['src/main.ts']).ended).toMatchObject({ code: 0 });
  });

  it('stops when it is told to, leaving no lock behind', async () => {
    const stopped = run(['src/main.ts'], { NPM_TAKES: '60000' });
    await npmStarts();
    stopped.child.kill('SIGTERM');
    expect(await stopped.ended).toMatchObject({ code: 143, stdout: '' });
    expect(readdirSync(root)).not.toContain('.ndr-setup');
  });
});

describe('the program', () => {
  beforeEach(() => run(['src/main.ts']).ended);

  it('gets options for Node that stand before it', async () => {
    write('src/gc.ts', 'process.stdout.write(typeof (globalThis as { gc?: unknown }).gc);\n');
    expect(await run(['--expose-gc', 'src/gc.ts']).ended).toMatchObject({ code: 0, stdout: 'function' });
  });

  it('gets a small nursery where it is the product, and in its threads', async () => {
    const nursery = "v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0";
    const program = `import v8 from 'node:v8';
import { Worker, isMainThread } from 'node:worker_threads';
if (isMainThread) new Worker(new URL(import.meta.url));
let most = 0;
// What is made lives for a while: a nursery that may grow does.
const kept: object[][] = [];
for (let i = 0; i < 300; i++) {
  kept[i % 40] = Array.from({ length: 5000 }, (_, n) => ({ n }));
  most = Math.max(most, ${nursery});
}
console.log(most <= 8e6);
`;
    write('src/nursery.ts', program);
    expect(await run(['src/nursery.ts']).ended).toMatchObject({ code: 0, stdout: 'true\ntrue\n' });
    write('scripts/nursery.ts', program);
    expect(await run(['scripts/nursery.ts']).ended).toMatchObject({ code: 0, stdout: 'false\nfalse\n' });
  });

  it('must be named', async () => {
    const { code, stderr } = await run([]).ended;
    expect(code).toBe(1);
    expect(stderr).toContain('usage: node scripts/run.mjs <program> [arguments]');
  });

  it('decides the exit code', async () => {
    write('src/five.ts', 'process.exit(5);\n');
    expect(await run(['src/five.ts']).ended).toMatchObject({ code: 5, stderr: '' });
    write('src/killed.ts', "process.kill(process.pid, 'SIGKILL');\n");
    expect(await run(['src/killed.ts']).ended).toMatchObject({ code: 137 });
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('gets %s once, and decides what it means', async (signal) => {
    write(
      'src/patient.ts',
      `let heard = 0;
process.on('${signal}', () => { heard++; setTimeout(() => { console.log('heard', heard); process.exit(7); }, 300); });
setInterval(() => {}, 1000);
console.log('ready');
`,
    );
    const patient = run(['src/patient.ts']);
    await patient.says('ready');
    // npm and the process group both tell: two signals within a moment are one request.
    patient.child.kill(signal);
    await new Promise((later) => setTimeout(later, 50));
    patient.child.kill(signal);
    expect(await patient.ended).toMatchObject({ code: 7, stdout: 'ready\nheard 1\n' });
  });
});

describe('bin/ndr', () => {
  it('runs from any folder, by a link too, with paths relative to where the user stands', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'ndr-elsewhere-'));
    try {
      const direct = await start(join(root, 'bin/ndr'), ['backfill', '--input', 'logs'], {}, elsewhere).ended;
      expect(direct).toMatchObject({ code: 0, stdout: JSON.stringify([['backfill', '--input', 'logs'], elsewhere]) });
      const link = join(elsewhere, 'ndr');
      await start('ln', ['-s', join(root, 'bin/ndr'), link]).ended;
      expect(await start(link, ['help'], {}, elsewhere).ended).toMatchObject({
        code: 0,
        stdout: JSON.stringify([['help'], elsewhere]),
      });
    } finally {
      rmSync(elsewhere, { recursive: true, force: true });
    }
  });
});
