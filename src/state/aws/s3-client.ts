import { S3Client } from '@aws-sdk/client-s3';
import { COUNT_RETRIES, retriesTo } from './retries.ts';

/** How S3 is reached. Plain data: a worker thread opens a client of its own from it. */
export interface S3Options {
  /** null: as the AWS clients find it. */
  readonly region: string | null;
  /** Where every request goes; null: AWS. */
  readonly endpoint: string | null;
  readonly forcePathStyle: boolean;
  readonly checksums: 'when_supported' | 'when_required';
}

/** A client of S3. `destroy()` closes its connections. */
export type S3 = S3Client;

const CONNECT_MS = 5_000;
/** From sending a request to the head of its answer; bodies that are read have a limit of their own. */
const ANSWER_MS = 60_000;
const MOST_SOCKETS = 64;

/** @param onRetry hears of requests that were made again */
export function openS3(
  { region, endpoint, forcePathStyle, checksums }: S3Options,
  onRetry: (times: number) => void = () => {},
): S3 {
  const client = new S3Client({
    ...(region === null ? {} : { region }),
    ...(endpoint === null ? {} : { endpoint, disableS3ExpressSessionAuth: true }),
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
  client.middlewareStack.add(retriesTo(onRetry), COUNT_RETRIES);
  if (endpoint !== null) pin(client, new URL(endpoint));
  return client;
}

/** Refuses every request that would go elsewhere, whatever in the environment or in a bucket's name would send it there. */
function pin(client: S3Client, { protocol, hostname, port }: URL): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { protocol: string; hostname: string; port?: number };
      const isThere = request.hostname === hostname || request.hostname.endsWith(`.${hostname}`);
      if (!isThere || request.protocol !== protocol || String(request.port ?? '') !== port)
        throw new Error(
          `S3: a request to ${request.protocol}//${request.hostname}:${request.port ?? ''} was refused, since the endpoint is ` +
            `${protocol}//${hostname}:${port}; look for AWS settings in the environment that name another`,
        );
      return next(args);
    },
    { step: 'finalizeRequest', name: 'pinEndpoint', priority: 'low' },
  );
}
