import { S3Client } from '@aws-sdk/client-s3';
import { type AwsPlace, clientPlace, pinToEndpoint } from './pinned-endpoint.ts';

/** How S3 is reached. Plain data: a worker thread opens a client of its own from it. */
export interface S3Options extends AwsPlace {
  readonly forcePathStyle: boolean;
  readonly checksums: 'when_supported' | 'when_required';
}

/** A client of S3. `destroy()` closes its connections. */
export type S3 = S3Client;

const CONNECT_MS = 5_000;
/** From sending a request to the head of its answer; bodies that are read have a limit of their own. */
const ANSWER_MS = 60_000;
const MOST_SOCKETS = 64;

export function openS3({ region, endpoint, forcePathStyle, checksums }: S3Options): S3 {
  const client = new S3Client({
    ...clientPlace({ region, endpoint }),
    ...(endpoint === null ? {} : { disableS3ExpressSessionAuth: true }),
    forcePathStyle,
    requestChecksumCalculation: checksums === 'when_supported' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED',
    responseChecksumValidation: checksums === 'when_supported' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED',
    retryMode: 'standard',
    // To wait for 100 Continue, the client would open a connection for every larger object, beside its bounded ones.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: ANSWER_MS,
      throwOnRequestTimeout: true,
      // Counted while nobody reads, too; and a reader may have other work.
      socketTimeout: 0,
      httpAgent: { keepAlive: true, maxSockets: MOST_SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: MOST_SOCKETS },
    },
  });
  pinToEndpoint(client.middlewareStack, endpoint);
  return client;
}
