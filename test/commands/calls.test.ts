/** Calls that cannot be carried out as they were written: each says what is wrong and what to do, and does nothing. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from './call.ts';
import { fiveMiniBatches, ndr, type Place } from './five-mini-batches.ts';

let place: Place;
beforeAll(() => {
  place = fiveMiniBatches();
  mkdirSync(place.at('empty'));
  mkdirSync(place.at('others/2026/03/02/b1'), { recursive: true });
  writeFileSync(place.at('others/2026/03/02/b1/flows.csv'), 'a,b\n');
  writeFileSync(place.at('a-file'), 'hello');
  const homes = {
    'home-yaml/ndr.yaml': 'home: elsewhere\n',
    'bad-yaml/ndr.yaml': 'shards: 3\nshadrs: 4\n',
    'bad-json/specs/delta_builder.json': '{',
    'bad-spec/specs/project_parameters.json': '{"spec": {"pair_cap": "many"}}',
    'bad-ports/specs/delta_builder.json': '{"spec": {"enrichment": {"port_sets_location": "ports.json"}}}',
    'bad-ports/specs/_ports.json': '[',
  };
  for (const [path, text] of Object.entries(homes)) {
    mkdirSync(place.at(path, '..'), { recursive: true });
    writeFileSync(place.at(path), text);
  }
});
afterAll(() => place.remove());

/** Arguments with $ for the place; what standard error says. */
const REFUSED: readonly (readonly [string, ...string[]])[] = [
  ['frobnicate', 'frobnicate: no such command; there are demo, simulate, backfill, run-batch, serve, '],
  ['serv', 'serv: no such command; did you mean serve?'],
  ['toString', 'toString: no such command'],
  ['--home $/h backfill', '--home: the command comes first'],
  ['help frobnicate', 'frobnicate: no such command'],
  ['backfill --inptu x --json=1', '--inptu: unknown flag; did you mean --input?', '--json: is a switch'],
  ['demo --serve.poll_second 3', 'did you mean --serve.poll_seconds?', 'see ndr demo --help'],
  ['backfill', '--input: is missing; give the folder below which the mini-batches lie'],
  ['run-batch', '--input: is missing; give the folder of a mini-batch'],
  ['serve', 'serve: there is nowhere to take mini-batches from; give a folder with --input, or set queue.url'],
  ['replay', '--from and --to, --mini-batch, --affected: are missing; give one way to choose mini-batches'],
  ['replay --affected --mini-batch a', 'stand together; give one way'],
  ['replay --from 2026-03-02', '--to: is missing; a range has both'],
  ['replay --from 2026-03-02 --to 2026-03-02', 'no slice ends at --from or later and before --to'],
  ['backfill --input $/nope/deeper', '$/nope/deeper does not exist ($ does)'],
  ['run-batch --input $/nope', '$/nope does not exist'],
  ['serve --input $/nope', '$/nope does not exist'],
  ['backfill --input $/a-file', '$/a-file is a file; give the folder below which'],
  ['serve --input $/a-file', '$/a-file is a file'],
  ['backfill --input $/empty', 'no data file lies below $/empty; a mini-batch is a folder of', 'YYYY/MM/DD'],
  ['backfill --input $/others', '(but others, such as $/others/2026/03/02/b1/flows.csv)'],
  ['run-batch --input $/logs', '$/logs holds no data file', 'ndr backfill --input $/logs'],
  ['backfill --input $/logs --from soon', '--from: is "soon"; give an instant with its zone'],
  ['backfill --input $/logs --to 2026-02-30', '--to: is "2026-02-30"'],
  ['backfill --input $/logs --from 2026-03-03 --to 2026-03-03', 'give a --to after --from'],
  ['run-batch --input $/logs --at 10:40', '--at: is "10:40"'],
  ['backfill --input $/logs --home $/a-file', 'home: $/a-file is a file, or lies below one', 'NDR_HOME'],
  ['backfill --input $/logs --home $/a-file/deeper', 'home: $/a-file/deeper is a file, or lies below one'],
  ['backfill --input $/logs --home /proc/none', 'home: /proc/none cannot be made'],
  ['backfill --input $/logs --home $/h --shards x', '--shards: is "x"; expected a whole number 1..1024'],
  ['backfill --input $/logs --home $/h --project A', '--project: is "A"; expected a project name'],
  ['backfill --input $/logs --home $/home-yaml', '$/home-yaml/ndr.yaml: home: cannot stand here', '--home or NDR_HOME'],
  ['serve --queue.url http://127.0.0.1:9/1/q', 'queue.url: 127.0.0.1:9 is no host of AWS', 'to http://127.0.0.1:9'],
  ['backfill --input $/logs --home $/bad-yaml', '$/bad-yaml/ndr.yaml: shadrs: unknown key; did you mean shards?'],
  ['backfill --input $/logs --home $/bad-json', '$/bad-json/specs/delta_builder.json: cannot be parsed'],
  ['backfill --input $/logs --home $/bad-spec', 'project_parameters#v1: pair_cap: is "many"; expected a whole number'],
  ['backfill --input $/logs --home $/bad-ports', 'port_sets_location ports.json: could not be read'],
  ['catalog --parquet $/nope/catalog.parquet', 'there is no folder $/nope; make it first'],
  ['catalog --parquet $/empty', '$/empty is a folder; give a file'],
];

describe('a call that cannot be carried out', () => {
  it.each(REFUSED.map(([args, ...says]) => ({ args, says })))('$args: $says', async ({ args, says }) => {
    const { code, stdout, stderr } = await call(args.replaceAll('$', place.folder).split(' '));
    for (const text of says) expect(stderr).toContain(text.replaceAll('$', place.folder));
    expect(stderr).not.toMatch(/^\s+at /m);
    expect({ code, stdout }).toEqual({ code: 2, stdout: [] });
  });

  it('tells the faults of all settings at once', async () => {
    const env = { NDR_SHARDS: 'x', NDR_SHRADS: '3', NDR_HOME: place.at('bad-yaml') };
    const { code, stderr } = await call(['backfill', '--input', place.logs], env);
    expect(code).toBe(2);
    for (const fault of ['NDR_SHARDS: is "x"', 'NDR_SHRADS: unknown setting; did you mean NDR_SHARDS?', 'shadrs'])
      expect(stderr).toContain(fault);
  });

  it('makes no home', () => {
    expect(existsSync(place.at('h'))).toBe(false);
  });

  it('ends the program with 2, saying why on standard error', async () => {
    const [usage, setting, spec] = await Promise.all([
      ndr('backfill', '--input', place.at('nope')),
      ndr('backfill', '--input', place.logs, '--home', place.at('h'), '--shards', 'x'),
      ndr('backfill', '--input', place.logs, '--home', place.at('bad-spec')),
    ]);
    expect([usage, setting, spec].map(({ code, stdout }) => [code, stdout])).toEqual([
      [2, []],
      [2, []],
      [2, []],
    ]);
    expect(usage.stderr).toMatch(/^--input: .* does not exist .*\n$/);
    expect(setting.stderr).toMatch(/^settings:\n {2}--shards: is "x".*\n$/);
    expect(spec.stderr).toMatch(/^the spec has a fault:\n {2}project_parameters#v1: pair_cap: .*\n$/);
  });
});

describe('help', () => {
  it('lists commands, flags, examples and exit codes', async () => {
    const helps = await Promise.all([ndr('--help'), call(['help']), call(['-h'])]);
    for (const { code, stdout, stderr } of helps) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const text = stdout.join('\n');
      for (const name of ['demo', 'backfill', 'run-batch', 'serve', 'catalog'])
        expect(text).toMatch(new RegExp(`^  ${name} +[A-Z]`, 'm'));
      for (const part of ['--home DIR', '--json', 'examples:', 'exit codes:', 'docs/settings.md'])
        expect(text).toContain(part);
    }
    const { code, stdout } = await ndr();
    expect({ code, stdout }).toEqual({ code: 2, stdout: helps[0]!.stdout });
  });

  it.each([
    ...['demo', 'backfill', 'run-batch', 'serve', 'replay', 'catalog'],
    ...['diff', 'verify', 'retain', 'rebuild-index', 'doctor', 'provision'],
  ])('of %s has examples', async (name) => {
    const { code, stdout } = await call([name, '--help']);
    expect(code).toBe(0);
    const text = stdout.join('\n');
    expect(text).toContain('examples:');
    expect(text.split(`ndr ${name}`).length).toBeGreaterThan(3);
    expect(stdout).toEqual((await call(['help', name])).stdout);
  });

  it('knows its version', async () => {
    expect((await ndr('--version')).stdout).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
  });
});

describe('settings', () => {
  it('stand on the command line, in the environment or in the home, the earlier of these winning', async () => {
    const home = place.at('settled');
    mkdirSync(home);
    writeFileSync(`${home}/ndr.yaml`, 'project: from-file\n');
    const projectOf = async (args: string[], env: Record<string, string>) => {
      const file = place.at('catalog.parquet');
      const { code, stderr } = await call(['catalog', '--parquet', file, '--home', home, ...args], env);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return /(from-[a-z]+)\/delta/.exec(readFileSync(file, 'latin1'))?.[1];
    };
    expect(await projectOf([], {})).toBe('from-file');
    expect(await projectOf([], { NDR_PROJECT: 'from-env' })).toBe('from-env');
    expect(await projectOf(['--project', 'from-flag'], { NDR_PROJECT: 'from-env' })).toBe('from-flag');
  });
});
