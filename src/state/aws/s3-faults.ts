import { Unavailable } from '../unavailable.ts';
import { type S3Place, s3Address } from './s3-location.ts';

/** What the client's errors have in common; each field is there or not. */
interface Told {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $retryable?: unknown;
}

const PASSING_NAMES: ReadonlySet<string> = new Set([
  'TimeoutError',
  'RequestTimeout',
  'RequestTimeoutException',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'ConditionalRequestConflict',
  'OperationAborted',
  'NoSuchUpload',
]);
const PASSING_CODES: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

const CREDENTIALS =
  'give ndr credentials that are valid: a role of its machine or pod, a profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
const REGION = 'set aws.region or AWS_REGION to the region of the bucket';

/** What to do about errors that last, by name; `denied` of what the role is missing. */
const REMEDIES: Readonly<Record<string, string>> = {
  NoSuchBucket: 'there is no such bucket; create it or correct the location',
  CredentialsProviderError: CREDENTIALS,
  ExpiredToken: `the credentials have expired; ${CREDENTIALS}`,
  TokenRefreshRequired: `the credentials have expired; ${CREDENTIALS}`,
  InvalidToken: CREDENTIALS,
  InvalidAccessKeyId: CREDENTIALS,
  SignatureDoesNotMatch: CREDENTIALS,
  RequestTimeTooSkewed: "this machine's clock is off by minutes; set it",
  AuthorizationHeaderMalformed: REGION,
  IllegalLocationConstraintException: REGION,
  PermanentRedirect: REGION,
  KeyTooLongError: 'a key has at most 1,024 bytes; shorten the prefix or the name of the folder',
};

/** HTTP status of an answer that is an error; undefined where there was no answer. */
export const statusOf = (error: unknown): number | undefined => (error as Partial<Told>).$metadata?.httpStatusCode;

/** Whether an error says that the object is not there; that its bucket is not is another matter. */
export const isAbsent = (error: unknown): boolean =>
  statusOf(error) === 404 && (error as Told).name !== 'NoSuchBucket' && (error as Told).name !== 'NoSuchUpload';

/** Whether doing the same again may go well. */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, message, code, $retryable } = error as Told;
  // A role's credentials are fetched over the network as well: what that says is of the credentials.
  if (name === 'CredentialsProviderError') return false;
  const status = statusOf(error);
  if (status !== undefined && (status >= 500 || status === 429 || status === 408)) return true;
  if ($retryable !== undefined || PASSING_NAMES.has(name)) return true;
  if (typeof code === 'string' && (PASSING_CODES.has(code) || code.startsWith('HPE_'))) return true;
  // What the client itself says of a body that broke off or arrived as another.
  return /^(?:aborted$|Checksum mismatch|Connection lost)/.test(message);
}

/** The error to throw for one of the client's: an Unavailable if it may pass. Its text is made of codes, not of answers. */
export function s3Fault(error: unknown, operation: string, place: S3Place): Error {
  if (error instanceof Unavailable || !(error instanceof Error)) return error as Error;
  const tried = `${operation} of ${s3Address(place)}`;
  if (mayPass(error)) return new Unavailable('S3', tried, new Error(shortly(error as Told)));
  return new Error(`S3: ${tried}: ${shortly(error as Told)}; ${remedyOf(error as Told, operation, place)}`);
}

/**
 * Name, status and request id. Answers to faulty signatures quote what was signed, session tokens included, so that of an
 * answer neither text nor error goes on; where there was none, Node's message names the host.
 */
function shortly({ name, message, code, $metadata }: Told): string {
  const { httpStatusCode: status, requestId } = $metadata ?? {};
  if (status === undefined) {
    // Of several addresses that were tried in vain, Node gives the code alone.
    if (typeof code !== 'string' || message.includes(code)) return message;
    return message === '' ? code : `${code}: ${message}`;
  }
  return `${name} (HTTP ${status}${requestId === undefined ? '' : `, request ${requestId}`})`;
}

const PERMISSIONS: Readonly<Record<string, string>> = {
  HeadObject: 's3:GetObject',
  ListObjectsV2: 's3:ListBucket',
  Upload: 's3:PutObject and s3:AbortMultipartUpload',
};

function remedyOf({ name, message, $metadata }: Told, operation: string, { bucket }: S3Place): string {
  const known = REMEDIES[name];
  if (known !== undefined) return known;
  if (/region is missing/i.test(message)) return REGION;
  const status = $metadata?.httpStatusCode;
  if (status === 301 || status === 307) return REGION;
  if (status === 401 || status === 403) {
    const permission = PERMISSIONS[operation] ?? `s3:${operation}`;
    const listing = permission === 's3:GetObject' ? `, and s3:ListBucket, or what is not there counts as denied` : '';
    return `allow the role that ndr runs as ${permission} on bucket ${bucket}${listing}`;
  }
  return `look into the location, s3.endpoint and what the server of bucket ${bucket} supports`;
}
