import { canonicalJson } from '../config/canonical-json.ts';
import type { Json } from '../state/items.ts';
import type { Evidence, ManifestSlice, WindowInput } from '../state/manifest.ts';

/** Something that a mini-batch is computed from, and that is not as the manifest of its revision names it. */
export interface InputDifference {
  readonly input:
    | 'slice'
    | 'raw_file'
    | 'window_input'
    | 'lookback_day'
    | 'baseline'
    | 'spec'
    | 'code_version'
    | 'data_health'
    | 'other';
  readonly name: string;
  /** null: it was, or is, not there. */
  readonly was: string | null;
  readonly is: string | null;
  /** False where the outputs cannot differ for it. */
  readonly matters: boolean;
}

/** What an outcome is computed from; what was met on the way stands beside it. */
export type Inputs = Evidence & { readonly slice: ManifestSlice };

/** What is compared by name, is an outcome, or tells which revision it is. */
const NOT_OTHER: ReadonlySet<string> = new Set([
  ...['slice', 'inputs', 'window_inputs', 'lookback_days', 'baseline_refs', 'spec_digests', 'code_version', 'health'],
  ...['dq', 'fallbacks', 'datasets'],
  ...['manifest_version', 'project_name', 'feature_spec_version', 'mini_batch_id', 'revision'],
]);

/** What differs between what a revision was computed from and what it would be computed from now. Pure. */
export function differencesOf(then: Inputs, now: Inputs): InputDifference[] {
  return [
    ...differing('slice', { ...then.slice }, { ...now.slice }),
    ...differing('raw_file', rawFiles(then), rawFiles(now)),
    ...windowDifferences(then.window_inputs, now.window_inputs),
    ...differing('lookback_day', then.lookback_days, now.lookback_days),
    ...differing('baseline', baselines(then), baselines(now)),
    ...differing('spec', then.spec_digests, now.spec_digests),
    ...differing('code_version', { ndr: then.code_version }, { ndr: now.code_version }),
    ...differing('data_health', degraded(then), degraded(now)),
    ...differing('other', others(then), others(now)),
  ];
}

/** `raw file part-0.json.gz: changed` */
export function describeDifference({ input, name, was, is, matters }: InputDifference): string {
  const what = input === 'other' ? name : `${input.replaceAll('_', ' ')} ${name}`;
  if (was === null) return `${what}: new`;
  if (is === null) return `${what}: gone`;
  if (!matters) return `${what}: ${was} → ${is}, which gives windows the same`;
  return isDigest(was) ? `${what}: changed` : `${what}: ${was} → ${is}`;
}

const isDigest = (text: string): boolean => /^[0-9a-f]{32,}/.test(text);

type Named = Readonly<Record<string, string>>;

function differing(input: InputDifference['input'], then: Named, now: Named): InputDifference[] {
  const names = new Set([...Object.keys(then), ...Object.keys(now)]);
  return [...names].sort().flatMap((name): InputDifference[] => {
    const [was, is] = [then[name] ?? null, now[name] ?? null];
    return was === is ? [] : [{ input, name, was, is, matters: true }];
  });
}

/** Files below their mini-batch's folder, wherever that lies. */
const rawFiles = ({ inputs, slice }: Inputs): Named =>
  Object.fromEntries(
    inputs.map(({ key, size, etag }) => {
      const name = key.startsWith(`${slice.path}/`) ? key.slice(slice.path.length + 1) : key;
      return [name, `${etag} of ${size} bytes`];
    }),
  );

/** `30d` → `2026-03-01T00:00:00Z <digest>` */
const baselines = ({ baseline_refs }: Inputs): Named =>
  Object.fromEntries(baseline_refs.map((ref) => [ref.slice(0, ref.indexOf('@')), ref.slice(ref.indexOf('@') + 1)]));

function windowDifferences(then: readonly WindowInput[], now: readonly WindowInput[]): InputDifference[] {
  const named = (inputs: readonly WindowInput[]): Named =>
    Object.fromEntries(inputs.map(({ mini_batch_id, revision }) => [mini_batch_id, `revision ${revision}`]));
  const contentThen = new Map(then.map(({ mini_batch_id, content }) => [mini_batch_id, content]));
  const contentNow = new Map(now.map(({ mini_batch_id, content }) => [mini_batch_id, content]));
  const same = (name: string): boolean => contentThen.get(name) === contentNow.get(name);
  return differing('window_input', named(then), named(now)).map((one) => ({ ...one, matters: !same(one.name) }));
}

const texts = (values: { readonly [name: string]: Json }): Named =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, canonicalJson(value)]));

/** Whether data counts as degraded may depend on slices before the windows; all else of it follows from what is named. */
const degraded = ({ health }: Inputs): Named => texts({ is_degraded: health['is_degraded'] ?? null });

/** What a manifest of a later release may add is compared too. */
function others(inputs: Inputs): Named {
  const entries = Object.entries(inputs).filter(([name]) => !NOT_OTHER.has(name));
  return texts(Object.fromEntries(entries) as { readonly [name: string]: Json });
}
