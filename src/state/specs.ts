/** A record of the parameters table or of the routing table, with its keys, as it is stored. */
export type StoredRecord = Readonly<Record<string, unknown>>;

/** Where the specs of all projects lie, and the routes that lead to them. What is read is as it was stored: nothing is checked. */
export interface SpecSource {
  /** Records `{project_name, job_name, spec, ...}` of one project, or of all, by project and job. */
  items(project?: string): Promise<readonly StoredRecord[]>;
  /** Records `{org_key, project_name, ingestion_prefix, ...}`, by org_key. */
  routes(): Promise<readonly StoredRecord[]>;
  /** The JSON document that a spec names by where it lies; undefined where nothing lies there. */
  document(location: string): Promise<unknown>;
}

/** One that is empty at first and is to be filled. */
export interface SpecStore extends SpecSource {
  /** Adds a record where none has its keys; else gives the one that has, which stays. */
  addItem(item: StoredRecord): Promise<StoredRecord | undefined>;
  addRoute(route: StoredRecord): Promise<StoredRecord | undefined>;
}
