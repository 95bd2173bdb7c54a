// biome-ignore-all lint/suspicious/noTemplateCurlyInString: source texts under test
import { describe, expect, it } from 'vitest';
import { offences } from './offences.ts';
import { sourceFile } from './source-file.ts';

/** What the rules say about one file, standing among others that they have nothing against. */
function saidOf(path: string, text: string, others: readonly string[] = []): string[] {
  return offences({ ...Object.fromEntries(others.map((other) => [other, ''])), [path]: text });
}

describe('a good tree', () => {
  it('is passed in silence', () => {
    expect(
      offences({
        'src/main.ts':
          "import { serve } from './commands/serve.ts';\nprocess.on('SIGTERM', stop);\nserve(process.env);\n",
        'src/lifecycle.ts': 'export const scope = 1;\n',
        'src/commands/serve.ts':
          "import { directoryLake } from '../state/lake/directory.ts';\nimport { scope } from '../lifecycle.ts';\nimport { officeTraffic } from '../simulation/office.ts';\n",
        'src/state/lake.ts': "import type { Table } from '../operators/table.ts';\n",
        'src/state/lake/directory.ts': "import { rm } from 'node:fs/promises';\nimport { key } from './keys.ts';\n",
        'src/state/lake/keys.ts': 'export const key = 1;\n',
        'src/state/items.ts': '',
        'src/state/items/directory.ts': 'if (process.kill(pid, 0)) alive(process.pid);\n',
        'src/state/parquet-read.ts': "import { parquetRead } from 'hyparquet/src/read.js';\n",
        'src/config/spec.ts': "import { z } from 'zod';\nconst first = error.issues[0];\n",
        'src/operators/table.ts': 'export const many = Promise.any([]); // any number of them\n',
        'src/simulation/office.ts': "import { many } from '../operators/table.ts';\nconst at = new Date(0);\n",
        'src/worker.ts': 'process.exitCode = 1;\n',
      }),
    ).toEqual([]);
  });
});

describe('imports', () => {
  it.each([
    [
      'src/operators/delta.ts',
      'src/state/lake.ts',
      'src/operators/delta.ts:1 imports src/state/lake.ts, against the flow',
    ],
    [
      'src/operators/delta.ts',
      'src/simulation/office.ts',
      'src/operators/delta.ts:1 imports src/simulation/office.ts, against the flow',
    ],
    ['src/config/spec.ts', 'src/state/lake.ts', 'src/config/spec.ts:1 imports src/state/lake.ts, against the flow'],
    [
      'src/state/lake.ts',
      'src/consumers/pump.ts',
      'src/state/lake.ts:1 imports src/consumers/pump.ts, against the flow',
    ],
    ['src/jobs/nightly.ts', 'src/http/app.ts', 'src/jobs/nightly.ts:1 imports src/http/app.ts, against the flow'],
    ['src/http/app.ts', 'src/commands/serve.ts', 'src/http/app.ts:1 imports src/commands/serve.ts, against the flow'],
    ['src/commands/serve.ts', 'src/main.ts', 'src/commands/serve.ts:1 imports src/main.ts, against the flow'],
    ['src/state/lake.ts', 'src/lifecycle.ts', 'src/state/lake.ts:1 imports src/lifecycle.ts, against the flow'],
    [
      'src/simulation/office.ts',
      'src/config/spec.ts',
      'src/simulation/office.ts:1 imports src/config/spec.ts, against the flow',
    ],
    [
      'src/consumers/pump.ts',
      'src/simulation/office.ts',
      'src/consumers/pump.ts:1 imports src/simulation/office.ts; only commands may import the simulation',
    ],
  ])('%s may not import %s', (from, to, sentence) => {
    const up = to.replace('src/', from.split('/').length > 2 ? '../' : './');
    expect(saidOf(from, `import { x } from '${up}';\n`, [to])).toEqual([sentence]);
  });

  it('are found however they are written', () => {
    const text = [
      '// import { no } from "../state/no.ts";',
      "const said = `from '../state/no.ts' ${await import('../state/a.ts')}`;",
      "import type { B } from '../state/b.ts';",
      "export { c } from '../state/c.ts';",
      "import '../state/d.ts';",
      "let e: import('../state/e.ts').E;",
      'import {',
      '  f,',
      '} from "../state/f.ts";',
      "const g = list.from('no');",
    ].join('\n');
    const states = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `src/state/${name}.ts`);
    expect(saidOf('src/operators/x.ts', text, states)).toEqual(
      [
        [2, 'a'],
        [3, 'b'],
        [4, 'c'],
        [5, 'd'],
        [6, 'e'],
        [9, 'f'],
      ].map(([line, name]) => `src/operators/x.ts:${line} imports src/state/${name}.ts, against the flow`),
    );
  });

  it('lead to files that are there, in src', () => {
    expect(
      saidOf('src/state/x.ts', "import '../../test/oracle/x.ts';\nimport './y.js';\n", ['src/state/y.ts']),
    ).toEqual([
      'src/state/x.ts:1 imports test/oracle/x.ts, which lies outside src',
      'src/state/x.ts:2 imports src/state/y.js, which does not exist (imports carry .ts)',
    ]);
  });

  it('of packages stand in their homes, and nowhere in pure folders', () => {
    expect(
      saidOf('src/state/lake.ts', "import { z } from 'zod';\nimport 'left-pad';\nimport '@scope/pad/x';\n"),
    ).toEqual([
      'src/state/lake.ts:1 imports zod; only src/config/* may',
      'src/state/lake.ts:2 imports left-pad, which has no home yet; give it one in the table of the architecture test',
      'src/state/lake.ts:3 imports @scope/pad, which has no home yet; give it one in the table of the architecture test',
    ]);
    expect(saidOf('src/config/spec.ts', "import 'hyparquet/src/read.js';\nimport 'hyparquet-writer';\n")).toEqual([
      'src/config/spec.ts:1 imports hyparquet; only src/state/parquet* may',
      'src/config/spec.ts:2 imports hyparquet-writer; only src/state/parquet* may',
    ]);
    expect(saidOf('src/operators/x.ts', "import 'zod';\nimport { join } from 'node:path';\n")).toEqual([
      'src/operators/x.ts:1 imports zod; operators is pure and imports no package',
      'src/operators/x.ts:2 imports node:path; operators is pure and imports no module of Node',
    ]);
  });

  it('of adapters are left to the entries and commands', () => {
    const others = ['src/state/lake.ts', 'src/state/lake/directory.ts'];
    const sentence =
      'imports the adapter src/state/lake/directory.ts; only entries may, others take the port src/state/lake.ts';
    expect(saidOf('src/consumers/pump.ts', "import '../state/lake/directory.ts';\n", others)).toEqual([
      `src/consumers/pump.ts:1 ${sentence}`,
    ]);
    expect(saidOf('src/state/lake.ts', "import './lake/directory.ts';\n", others)).toEqual([
      `src/state/lake.ts:1 ${sentence}`,
    ]);
    expect(saidOf('src/worker.ts', "import './state/lake/directory.ts';\n", others)).toEqual([]);
  });

  it('start in a known layer', () => {
    expect(saidOf('src/extra.ts', '')).toEqual([
      'src/extra.ts stands in no known layer; those are operators, simulation, config, state, consumers, jobs, http, lifecycle.ts, commands, entries',
    ]);
  });
});

describe('habits', () => {
  const process = 'only main.ts and worker.ts touch process.env, process.exit and signals';
  const pure = 'pure folders know no clock, chance, timer, console or process: take it as an argument';

  it.each([
    ['const home = process.env.HOME;', 'process.env', process],
    ['process?.exit(1);', 'process?.exit', process],
    ['process.exitCode = 1;', 'process.exitCode', process],
    ["process.once('SIGTERM', stop);", 'process.once', process],
    ["process['env'];", 'process[', process],
    ["process.kill(pid, 'SIGTERM');", 'process.kill(', 'only main.ts and worker.ts send signals'],
    ['const { env } = process;', '} = process', 'only main.ts and worker.ts take the process apart'],
    ['export default 1;', 'export default', 'no default exports'],
    ['export { x as default };', 'as default', 'no default exports'],
    ["export * from './y.ts';", 'export *', 'no barrels: import a name from the file that has it'],
    ["export type * from './y.ts';", 'export type *', 'no barrels: import a name from the file that has it'],
    ['let x: any;', 'any', 'no any: say the type, or unknown'],
    ['const x = y as any as Map<string, string>;', 'any', 'no any: say the type, or unknown'],
    ['const x: Array<any> = [];', 'any', 'no any: say the type, or unknown'],
    ['// @ts-expect-error not today', '@ts-expect-error', 'no @ts- escapes'],
    ['// see issue 12', 'issue', 'names an issue, which the reader does not have'],
    ["const place = 'golden/case';", 'golden', 'points outside the project'],
    ['/** As CONTRACT says. */', 'CONTRACT', 'points outside the project'],
    ['// §7', '§', 'points outside the project'],
    ['const path = `../shared/data`;', 'shared/', 'points outside the project'],
  ])('%s', (line, found, rule) => {
    expect(saidOf('src/state/x.ts', `\n${line}\n`, ['src/state/y.ts'])).toEqual([
      `src/state/x.ts:2 says "${found}": ${rule}`,
    ]);
  });

  it.each([
    ['const now = Date.now();', 'Date.now'],
    ['const now = new Date();', 'new Date()'],
    ['const luck = Math.random();', 'Math.random'],
    ['performance.mark(1);', 'performance.'],
    ['const pid = process.pid;', 'process.'],
    ['setTimeout(act, 1);', 'setTimeout('],
  ])('in a pure folder: %s', (line, found) => {
    expect(saidOf('src/operators/x.ts', line)).toEqual([`src/operators/x.ts:1 says "${found}": ${pure}`]);
    expect(saidOf('src/state/x.ts', line)).toEqual([]);
  });

  it('node:process is a way to the process too', () => {
    expect(saidOf('src/state/x.ts', "import { env } from 'node:process';\n")).toEqual([
      'src/state/x.ts:1 imports node:process; only main.ts and worker.ts touch the process',
    ]);
  });

  it('a file is at most 400 lines long', () => {
    expect(saidOf('src/state/x.ts', 'x;\n'.repeat(400))).toEqual([]);
    expect(saidOf('src/state/x.ts', 'x;\n'.repeat(401))).toEqual([
      'src/state/x.ts has 401 lines, more than 400: is it one thing?',
    ]);
  });

  it.each([
    'utils',
    'helper',
    'common',
    'base',
    'manager',
    'service',
    'index',
    'text-utils',
    'lake_manager',
    'delta_v2',
    'delta-v3',
  ])('nothing is called %s', (name) => {
    expect(saidOf(`src/state/${name}.ts`, '')).toEqual([`src/state/${name}.ts is called ${name}, which says nothing`]);
    expect(saidOf(`src/state/${name}/x.ts`, '')).toEqual([
      `src/state/${name}/x.ts is called ${name}, which says nothing`,
    ]);
  });

  it('a basename stands once, adapters apart', () => {
    expect(offences({ 'src/state/order.ts': '', 'src/operators/order.ts': '' })).toEqual([
      'order.ts stands twice: src/state/order.ts and src/operators/order.ts',
    ]);
    const adapters = [
      'src/state/lake.ts',
      'src/state/items.ts',
      'src/state/lake/directory.ts',
      'src/state/items/directory.ts',
    ];
    expect(offences(Object.fromEntries(adapters.map((path) => [path, ''])))).toEqual([]);
  });
});

describe('a file is taken apart', () => {
  const partsOf = (text: string) => {
    const { code, comments, words } = sourceFile('src/x.ts', text);
    return { code, comments: comments.trim(), words: words.trim() };
  };

  it.each([
    ['a; // b', 'a;     ', '// b', '// b'],
    ['a /* b */ c', 'a         c', '/* b */', '/* b */'],
    ["a('b // c')", "a('      ')", '', 'b // c'],
    ["a('it\\'s') + b", "a('     ') + b", '', "it\\'s"],
    ['a(`b ${c + `d ${e}`} f`)', 'a(`  ${c + `  ${e}`}  `)', '', 'b        d        f'],
    ['a(`${{ b: 1 }.b}c`)', 'a(`${{ b: 1 }.b} `)', '', 'c'],
    ['a = /[/\'"]\\// + b', 'a = /       / + b', '', '[/\'"]\\/'],
    ['a = b / c / d', 'a = b / c / d', '', ''],
    ['a = (b) / "c/d".length', 'a = (b) / "   ".length', '', 'c/d'],
  ])('%s', (text, code, comments, words) => {
    expect(partsOf(text)).toEqual({ code, comments, words });
  });
});
