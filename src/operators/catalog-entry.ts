import type { FgCGroup } from './fg-c-features.ts';
import type { ColumnType } from './table.ts';

export type FeatureGroup =
  | 'delta'
  | 'fg_a'
  | 'fg_a_behaviour'
  | 'fg_a_context'
  | 'pair_counts'
  | 'fg_b_host'
  | 'fg_b_host_behaviour'
  | 'fg_b_segment'
  | 'fg_b_segment_behaviour'
  | 'pair_rarity'
  | FgCGroup;

/** One column that somebody may compute with: what it is, what it is made of, where it lies. */
export interface CatalogEntry {
  readonly group: FeatureGroup;
  readonly name: string;
  readonly formula: string;
  readonly doc: string;
  readonly type: ColumnType;
  readonly unit: string;
  readonly nullable: boolean;
  /** Dataset that holds the column. */
  readonly dataset: string;
  /** Module that computes it. */
  readonly creator: string;
  readonly upstream: readonly string[];
  /** One of the model's inputs. */
  readonly isModelInput: boolean;
  readonly family: string;
}
