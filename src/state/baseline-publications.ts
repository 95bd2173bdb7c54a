import { canonicalJson } from '../config/canonical-json.ts';
import { HORIZONS, type Horizon } from '../operators/baseline-metrics.ts';
import { formatInstant, instantOfText, UTC } from '../operators/time.ts';
import type { Item, Items, Json } from './items.ts';
import { type Lake, NotFound } from './lake.ts';
import { type ManifestDataset, type ManifestFile, sha256Hex } from './manifest.ts';
import { pathPart } from './partition.ts';

/** Tables of a publication that others read. */
export const FG_B_TABLES = ['host', 'segment', 'ip_metadata', 'pair/host', 'pair/segment'] as const;
export type FgBTable = (typeof FG_B_TABLES)[number];
export const PUBLICATION_METADATA = 'publication_metadata';

/** Baselines of one horizon as they stood at one instant, whole and visible. */
export interface BaselinePublication {
  readonly horizon: Horizon;
  /** ms UTC. */
  readonly ref: number;
  /** The history is [start, end), ms UTC. */
  readonly start: number;
  readonly end: number;
  /** sha256 hex of its files and of what decides how they are read. */
  readonly digest: string;
  readonly joinKeys: readonly string[];
  readonly metrics: readonly string[];
  readonly pairCounts: boolean;
  /** Files of a table in the order of its keys. */
  readonly datasets: Readonly<Record<FgBTable, readonly ManifestFile[]>>;
  /** The file of its metadata row. */
  readonly metadata: readonly ManifestFile[];
  /** What it was computed from and by: equal, it would come out the same again. */
  readonly madeFrom: string;
  readonly revision: number;
  readonly manifest: { readonly path: string; readonly sha256: string };
}

export const madeFromOf = (
  manifest: Pick<PublicationManifest, 'spec_digest' | 'inputs_digest' | 'code_version'>,
): string => [manifest.spec_digest, manifest.inputs_digest, manifest.code_version].join(' ');

/** What a publication was made from and what it holds, named as in its file. Nothing that differs between two equal runs. */
export interface PublicationManifest {
  readonly publication_version: 1;
  readonly project_name: string;
  readonly feature_spec_version: string;
  readonly baseline_horizon: Horizon;
  /** YYYY-MM of the reference instant. */
  readonly baseline_month: string;
  readonly ref: string;
  readonly baseline_start_ts: string;
  readonly baseline_end_ts: string;
  readonly join_keys: readonly string[];
  readonly metrics: readonly string[];
  readonly pair_counts: boolean;
  /** sha256 hex of the specs that it follows from, and of the mini-batches, by revision, that it was computed from. */
  readonly spec_digest: string;
  readonly inputs_digest: string;
  readonly mini_batches: number;
  readonly code_version: string;
  readonly health: { readonly [name: string]: Json };
  readonly datasets: Readonly<Record<FgBTable | typeof PUBLICATION_METADATA, ManifestDataset>>;
}

export interface BaselinePublications {
  /** The publication with the greatest reference instant up to `upTo`, ms UTC. */
  newest(project: string, version: string, horizon: Horizon, upTo: number): Promise<BaselinePublication | undefined>;
  of(project: string, version: string, horizon: Horizon, ref: number): Promise<BaselinePublication | undefined>;
  /** By horizon, then reference instant. */
  all(project: string, version: string): Promise<readonly BaselinePublication[]>;
  /** Makes a publication visible whose files are all written. Equal to the one that stands, it changes nothing. */
  record(manifest: PublicationManifest, folder: string): Promise<'published' | 'unchanged'>;
  /** Takes it from sight; its files stay. */
  forget(project: string, version: string, horizon: Horizon, ref: number): Promise<void>;
}

/**
 * Folder of a publication's table below the root of FG-B.
 * @param root as `datasetPrefix` gives it.
 */
export function publicationFolder(root: string, table: string, version: string, horizon: Horizon, ref: number): string {
  const instant = formatInstant(ref);
  return [
    `${root}/${table}`,
    pathPart('feature_spec_version', version),
    pathPart('baseline_horizon', horizon),
    pathPart('baseline_month', instant.slice(0, 7)),
    pathPart('ref', instant),
  ].join('/');
}

/** `7d@2026-03-01T00:00:00Z` */
export const nameOfPublication = ({ horizon, ref }: Pick<BaselinePublication, 'horizon' | 'ref'>): string =>
  `${horizon}@${formatInstant(ref)}`;

const keyPrefix = (version: string, horizon: Horizon): string => `${version}#baseline#${horizon}#`;
const keyOf = (version: string, horizon: Horizon, ref: number): string =>
  `${keyPrefix(version, horizon)}${formatInstant(ref)}`;

export function openBaselinePublications(items: Items, lake: Lake, table = 'batch_index'): BaselinePublications {
  // What a manifest says never changes.
  const known = new Map<string, BaselinePublication>();

  const read = async (item: Item): Promise<BaselinePublication> => {
    const path = String(item['manifest_path']);
    const sha256 = String(item['manifest_sha256']);
    const revision = Number(item['revision']);
    const held = known.get(sha256);
    if (held !== undefined) return held;
    const bytes = await lake.read(path);
    if (sha256Hex(bytes) !== sha256)
      throw new Error(
        `baseline publication ${path} has sha256 ${sha256Hex(bytes)}, the index expects ${sha256}; remove the file and run ` +
          'ndr baselines again',
      );
    const manifest = JSON.parse(new TextDecoder().decode(bytes)) as PublicationManifest;
    const publication = { ...publicationOf(manifest), revision, manifest: { path, sha256 } };
    known.set(sha256, publication);
    return publication;
  };

  /** A manifest that vanished was replaced, or removed with its publication, after the item was read. */
  const at = async (project: string, key: string): Promise<BaselinePublication | undefined> => {
    for (let isAgain = false; ; isAgain = true) {
      const item = await items.get(table, project, key);
      if (item === undefined) return undefined;
      try {
        return await read(item);
      } catch (error) {
        if (!(error instanceof NotFound) || isAgain) throw error;
      }
    }
  };

  return {
    of: (project, version, horizon, ref) => at(project, keyOf(version, horizon, ref)),

    async newest(project, version, horizon, upTo) {
      const range = { from: keyPrefix(version, horizon), to: keyOf(version, horizon, upTo) };
      const keys = await items.keys(table, project, range);
      for (const key of keys.toReversed()) {
        const found = await at(project, key);
        if (found !== undefined) return found;
      }
      return undefined;
    },

    async all(project, version) {
      const found: BaselinePublication[] = [];
      for (const horizon of HORIZONS) {
        const from = keyPrefix(version, horizon);
        for (const key of await items.keys(table, project, { from, to: `${from}\u{10ffff}` })) {
          const publication = await at(project, key);
          if (publication !== undefined) found.push(publication);
        }
      }
      return found;
    },

    async record(manifest, folder) {
      const { project_name: project, feature_spec_version: version, baseline_horizon: horizon } = manifest;
      const ref = instantOfText(manifest.ref, UTC);
      const key = keyOf(version, horizon, ref);
      const bytes = new TextEncoder().encode(`${canonicalJson(manifest)}\n`);
      const sha256 = sha256Hex(bytes);
      const path = `${folder}/_publication-${sha256.slice(0, 12)}.json`;
      for (;;) {
        const present = await items.get(table, project, key);
        await lake.create(path, bytes);
        if (present?.['manifest_sha256'] === sha256) return 'unchanged';
        const item: Item = {
          baseline_horizon: horizon,
          ref: manifest.ref,
          manifest_path: path,
          manifest_sha256: sha256,
          digest: publicationOf(manifest).digest,
          revision: Number(present?.['revision'] ?? 0) + 1,
        };
        const condition = present === undefined ? ({ absent: true } as const) : { matches: present };
        if ((await items.put(table, project, key, item, condition)) === 'stored') return 'published';
      }
    },

    forget: (project, version, horizon, ref) => items.remove(table, project, keyOf(version, horizon, ref)),
  };
}

function publicationOf(manifest: PublicationManifest): Omit<BaselinePublication, 'revision' | 'manifest'> {
  const datasets = Object.fromEntries(
    FG_B_TABLES.map((table) => [table, manifest.datasets[table].files]),
  ) as BaselinePublication['datasets'];
  const { baseline_horizon: horizon, join_keys: joinKeys, metrics, pair_counts: pairCounts } = manifest;
  const instants = [manifest.ref, manifest.baseline_start_ts, manifest.baseline_end_ts];
  const digests = FG_B_TABLES.map((table) => datasets[table].map((file) => file.sha256));
  const [ref, start, end] = instants.map((text) => instantOfText(text, UTC));
  return {
    ...{ horizon, ref: ref!, start: start!, end: end! },
    digest: sha256Hex(canonicalJson([horizon, instants, joinKeys, metrics, pairCounts, digests])),
    metadata: manifest.datasets[PUBLICATION_METADATA].files,
    madeFrom: madeFromOf(manifest),
    ...{ joinKeys, metrics, pairCounts, datasets },
  };
}
