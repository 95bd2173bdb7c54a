/** A project under one feature spec version. */
export interface StreamName {
  readonly project: string;
  readonly version: string;
}

export const streamKey = ({ project, version }: StreamName): string => `${project}#${version}`;
