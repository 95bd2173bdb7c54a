import { describe, expect, it } from 'vitest';
import { planBaselines, refsForManifest } from '../../src/consumers/baseline-plan.ts';
import type { BaselinePublication, BaselinePublications } from '../../src/state/baseline-publications.ts';

const HOUR = 3_600_000;
const REF = Date.UTC(2026, 2, 9);
const DIGEST = '0123456789abcdef';

const published = (...names: readonly (readonly ['7d' | '30d', number])[]): BaselinePublications =>
  ({
    newest: async (_project, _version, horizon, upTo) =>
      names
        .filter(([own, ref]) => own === horizon && ref <= upTo)
        .map(([own, ref]) => ({ horizon: own, ref, digest: DIGEST }) as BaselinePublication)
        .at(-1),
  }) as Partial<BaselinePublications> as BaselinePublications;

function plan(
  publications: BaselinePublications,
  hoursAfter: number,
  { require = 'auto' as 'auto' | boolean, standing = [] as readonly string[] } = {},
) {
  const deviation = { horizons: ['7d', '30d'], effectDelayMs: 6 * HOUR, require };
  const spec = { project: 'p', featureSpecVersion: 'v1', deviation } as unknown as Parameters<typeof planBaselines>[1];
  return planBaselines(publications, spec, { miniBatchId: 'b', sliceEnd: REF + hoursAfter * HOUR }, standing);
}

describe('the baselines of a slice', () => {
  it('are the newest whose effect has come, each horizon for itself', async () => {
    const both = published(['7d', REF - 24 * HOUR], ['7d', REF], ['30d', REF]);
    expect(refsForManifest(await plan(both, 6))).toEqual([
      '7d@2026-03-09T00:00:00Z 0123456789ab',
      '30d@2026-03-09T00:00:00Z 0123456789ab',
    ]);
    const early = await plan(both, 5.99);
    expect(refsForManifest(early)).toEqual(['7d@2026-03-08T00:00:00Z 0123456789ab']);
    expect(early.without).toEqual(['30d']);
  });

  it('are missed before the first publication only where the spec says so', async () => {
    expect(await plan(published(), 6)).toEqual({ chosen: [], without: ['7d', '30d'] });
    expect(await plan(published(), 6, { require: false })).toEqual({ chosen: [], without: ['7d', '30d'] });
    await expect(plan(published(), 6, { require: true })).rejects.toThrow(
      /mini-batch b of project p: no baselines.*run ndr baselines/,
    );
    expect((await plan(published(['7d', REF]), 6, { require: true })).without).toEqual(['30d']);
  });

  it('that a committed revision is compared with are not lost without a word', async () => {
    const standing = ['30d@2026-03-02T00:00:00Z 0123456789ab'];
    const only7d = published(['7d', REF]);
    await expect(plan(only7d, 6, { standing })).rejects.toThrow(
      /30d@2026-03-02T00:00:00Z.*gone.*ndr baselines --horizon 30d --ref 2026-03-02T00:00:00Z/,
    );
    expect((await plan(only7d, 6, { standing, require: false })).without).toEqual(['30d']);
    expect((await plan(published(['7d', REF], ['30d', REF]), 6, { standing })).without).toEqual([]);
  });
});
