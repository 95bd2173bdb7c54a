/** Names the sealed block that one revision of a mini-batch left for one shard. */
export interface BlockKey {
  readonly project: string;
  readonly version: string;
  readonly shards: number;
  readonly shard: number;
  /** ms UTC. */
  readonly sliceEnd: number;
  readonly miniBatchId: string;
  /** sha256 hex of the revision's manifest: another revision has another block. */
  readonly manifest: string;
}

/**
 * Where window state lives. It is a cache of what the lake holds: a block may vanish at any time, and whoever misses one
 * rebuilds it. A block is whole or absent.
 */
export interface WindowState {
  get(key: BlockKey): Promise<Uint8Array | undefined>;
  put(key: BlockKey, block: Uint8Array): Promise<void>;
  /** Forgets the blocks of slices that end at `sliceEnd` (ms UTC) or before. */
  prune(project: string, version: string, sliceEnd: number): Promise<void>;
}
