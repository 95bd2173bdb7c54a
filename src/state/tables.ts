/** A table as a store of records by key. Both keys are text. */
export interface TableShape {
  readonly name: string;
  readonly partitionKey: string;
  /** Null: the partition key alone names a record. */
  readonly sortKey: string | null;
}

/** For messages. */
export const keysOf = ({ partitionKey, sortKey }: TableShape): string =>
  sortKey === null ? `the key ${partitionKey}` : `the keys ${partitionKey}, ${sortKey}`;

export type Recovery = 'on' | 'off' | 'unknown to the server';

/** Makes the tables that everything else takes as given. */
export interface Tables {
  /** The table's keys as they are; undefined: there is no such table. */
  find(name: string): Promise<TableShape | undefined>;
  /** Returns once it can be used; also where somebody else made it meanwhile. */
  create(shape: TableShape): Promise<void>;
  /** Whether the table can be brought back to how it was at any moment of the last weeks. */
  recovery(name: string): Promise<Recovery>;
  switchRecoveryOn(name: string): Promise<Recovery>;
}
