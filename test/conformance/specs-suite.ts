import { describe, expect, it } from 'vitest';
import type { SpecSource, StoredRecord } from '../../src/state/specs.ts';

export interface SpecContent {
  readonly items: readonly StoredRecord[];
  readonly routes: readonly StoredRecord[];
  /** Text by name; `locationOf` says how a spec would name it. */
  readonly documents: Readonly<Record<string, string>>;
}

export interface OpenSpecs {
  readonly specs: SpecSource;
  readonly locationOf: (document: string) => string;
  readonly close: () => Promise<void>;
}

/** What every source of specs promises. `open` gives one that holds exactly the content. */
export function specsSuite(name: string, open: (content: SpecContent) => Promise<OpenSpecs>): void {
  describe(`${name} keeps the promises of specs`, () => {
    const item = (project: string, job: string, spec: unknown, attributes = {}): StoredRecord => ({
      project_name: project,
      job_name: `${job}#v1`,
      spec,
      ...attributes,
    });
    const LAB = item('lab', 'delta_builder', { dq: { emit_metrics: true }, ports: [1, 2.5], none: null, text: '' });
    const OFFICE = item('office', 'delta_builder', { a: { b: [{}] } }, { owner: 'ndr', tags: ['x', 'y'] });
    const OFFICE_WINDOWS = item('office', 'fg_a_builder', 's3://bucket/fg_a.json');
    const ROUTES: StoredRecord[] = [
      { org_key: 'acme#finance', project_name: 'office', ingestion_prefix: 's3://raw/acme/finance', enabled: false },
      { org_key: 'acme#hq', project_name: 'office', ingestion_prefix: 's3://raw/acme/hq' },
    ];

    const within = async (content: Partial<SpecContent>, use: (opened: OpenSpecs) => Promise<void>): Promise<void> => {
      const opened = await open({ items: [], routes: [], documents: {}, ...content });
      await use(opened).finally(() => opened.close());
    };

    it('gives the records of all projects, or of one, in order of their keys', async () => {
      await within({ items: [OFFICE_WINDOWS, LAB, OFFICE] }, async ({ specs }) => {
        expect(await specs.items()).toEqual([LAB, OFFICE, OFFICE_WINDOWS]);
        expect(await specs.items('office')).toEqual([OFFICE, OFFICE_WINDOWS]);
        expect(await specs.items('nobody')).toEqual([]);
        expect(await specs.routes()).toEqual([]);
      });
    });

    it('gives the routes in order of their keys', async () => {
      await within({ routes: ROUTES.toReversed() }, async ({ specs }) => {
        expect(await specs.routes()).toEqual(ROUTES);
        expect(await specs.items()).toEqual([]);
      });
    });

    it('gives documents parsed, nothing where there is none, and says which is no JSON', async () => {
      const documents = { 'ports.json': '{"web": [80, 443]}', 'bad.json': '{"web": [80,' };
      await within({ documents }, async ({ specs, locationOf }) => {
        expect(await specs.document(locationOf('ports.json'))).toEqual({ web: [80, 443] });
        expect(await specs.document(locationOf('none.json'))).toBeUndefined();
        await expect(specs.document(locationOf('bad.json'))).rejects.toThrow(
          /bad\.json: cannot be read as JSON: .*; correct it$/,
        );
      });
    });

    it('gives more than one answer of a server can hold', async () => {
      const filler = 'x'.repeat(150_000);
      const items = Array.from({ length: 16 }, (_, i) => item(`p${i % 2}`, `job${String(i).padStart(2, '0')}`, filler));
      const routes = Array.from({ length: 16 }, (_, i) => ({ org_key: `acme#${String(i).padStart(2, '0')}`, filler }));
      await within({ items, routes }, async ({ specs }) => {
        expect(await specs.items()).toHaveLength(16);
        expect((await specs.items('p1')).map((one) => one['job_name'])).toEqual(
          [1, 3, 5, 7, 9, 11, 13, 15].map((i) => `job${String(i).padStart(2, '0')}#v1`),
        );
        expect(await specs.routes()).toEqual(routes);
      });
    });
  });
}
