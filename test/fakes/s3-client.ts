import { openS3, type S3, type S3Options } from '../../src/state/aws/s3-client.ts';

/** How a server on this machine is reached. */
export const s3OptionsOf = (endpoint: string): S3Options => ({
  region: 'us-east-1',
  endpoint,
  forcePathStyle: true,
  checksums: 'when_supported',
});

export const s3Of = (endpoint: string): S3 => openS3(s3OptionsOf(endpoint));
