import type { BatchSpec } from '../config/batch-spec.ts';
import { type BaselinePublications, nameOfPublication } from '../state/baseline-publications.ts';
import type { Lake } from '../state/lake.ts';
import { checkPublication, publicationsIn } from './publication-inventory.ts';
import type { FileFault } from './revision-check.ts';

/** What became of a publication of baselines in the index. */
export interface RestoredPublication {
  /** `7d@2026-03-01T00:00:00Z` */
  readonly name: string;
  readonly version: string;
  /**
   * `stands`: the index names it and it verifies. `restored`: it was not known, or what the index named does not verify.
   * `lost`: nothing of it verifies.
   */
  readonly is: 'stands' | 'restored' | 'lost';
  readonly faults: readonly FileFault[];
}

/**
 * Puts back into the index the publications of baselines whose files all exist and verify; of several for one reference
 * instant the latest. The index is believed where what it names verifies.
 */
export async function* restorePublications(
  {
    lake,
    baselines,
    spec,
    stop,
  }: {
    readonly lake: Lake;
    readonly baselines: BaselinePublications;
    readonly spec: Pick<BatchSpec, 'outputs' | 'project'>;
    readonly stop: AbortSignal;
  },
  { isDryRun }: { readonly isDryRun: boolean },
): AsyncGenerator<RestoredPublication> {
  for (const manifests of await publicationsIn(lake, spec)) {
    if (stop.aborted) return;
    const { version, horizon, ref } = manifests[0]!;
    const name = nameOfPublication({ horizon, ref });
    const standing = await baselines.of(spec.project, version, horizon, ref).catch(() => undefined);
    const named = standing?.manifest.path;
    const candidates = [
      ...manifests.filter(({ path }) => path === named),
      ...manifests.filter(({ path }) => path !== named),
    ];
    const faults: FileFault[] = [];
    let is: RestoredPublication['is'] = 'lost';
    for (const { path, folder } of candidates) {
      const checked = await checkPublication(lake, path, true);
      if (checked.is === 'faulty') {
        faults.push(...checked.faults);
        continue;
      }
      is = path === named ? 'stands' : 'restored';
      if (is === 'restored' && !isDryRun) await baselines.record(checked.manifest, folder);
      break;
    }
    yield { name, version, is, faults };
  }
}
