import { Refused } from '../refused.ts';
import { Unavailable } from '../unavailable.ts';

/** What the clients of AWS throw; each field is there or not. */
interface ClientError extends Error {
  readonly code?: unknown;
  readonly $fault?: 'client' | 'server';
  readonly $retryable?: unknown;
  readonly $metadata?: {
    readonly httpStatusCode?: number;
    readonly requestId?: string;
    readonly attempts?: number;
    readonly clockSkewCorrected?: boolean;
  };
}

/** Faults by name that pass although they are told as the caller's: too many calls, too late ones, others under way. */
const PASSING =
  /Throttl|TooManyRequests|RequestLimitExceeded|^LimitExceeded|ThroughputExceeded|Timeout|^SlowDown$|RequestConflict|TransactionConflict|OperationAborted|NoSuchUpload|BackupsUnavailable|^InternalServerError$|^ServiceUnavailable/i;
/** Errors of sockets and of name servers: the request, or its answer, was lost on the way. */
const LOST =
  /^(?:ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN|ENOTFOUND|EAI_AGAIN|HPE_|ERR_STREAM_PREMATURE_CLOSE$)/;
/** What the clients themselves say of a body that broke off or arrived as another. */
const BROKEN = /^(?:aborted$|Checksum mismatch|Connection lost)/;

const DENIED = /AccessDenied|NotAuthorized|^AuthFailure/i;
const CLOCK = /TimeTooSkewed|RequestExpired|RequestInTheFuture/;
const CREDENTIALS = /Credentials|Signature|Token|UnrecognizedClient|InvalidClient|AccessKey/i;
const REGION = /AuthorizationHeaderMalformed|IllegalLocationConstraint|PermanentRedirect/;

const GIVE_CREDENTIALS =
  'give ndr credentials that are valid: a role of its machine or pod, a profile, or AWS_ACCESS_KEY_ID and ' +
  'AWS_SECRET_ACCESS_KEY; and check aws.region';
const SET_REGION = 'set aws.region or AWS_REGION to the region where it lies';
const SET_CLOCK = 'set the clock of this machine (timedatectl)';

/** HTTP status of an answer that is an error; undefined where there was no answer. */
export const statusOf = (error: unknown): number | undefined =>
  (error as Partial<ClientError>).$metadata?.httpStatusCode;

export const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');

/** Whether a fault of this name may pass, as told of one entry of a batch. */
export const namePasses = (name: string): boolean => PASSING.test(name);

/** True if the client sent the request more than once: the failure may answer to what an earlier sending did. */
export const wasSentAgain = (error: unknown): boolean => ((error as ClientError).$metadata?.attempts ?? 1) > 1;

/** Whether doing the same again may go well: the network, the server's own faults, too many calls. */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, message, code, $fault, $metadata, $retryable } = error as ClientError;
  // A role's credentials are fetched over the network as well: what that says is of the credentials.
  if (name === 'CredentialsProviderError') return false;
  // The client has learned from the answer what time it is, and signs the next call by that.
  if ($metadata?.clockSkewCorrected === true) return true;
  const status = $metadata?.httpStatusCode ?? 0;
  if (status >= 500 || status === 429 || status === 408 || $fault === 'server') return true;
  if ($retryable !== undefined || namePasses(name)) return true;
  return (typeof code === 'string' && LOST.test(code)) || BROKEN.test(message);
}

/**
 * Name, status and request. Of an answer neither text nor error goes on, as that to a faulty signature quotes what was
 * signed, session tokens included; where there was none, the client's own text says what happened.
 */
function shortly(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { name, message, code, $metadata } = error as ClientError;
  const { httpStatusCode: status, requestId } = $metadata ?? {};
  if (status === undefined) {
    // Of several addresses that were tried in vain, Node gives the code alone.
    if (typeof code !== 'string' || message.includes(code)) return message;
    return message === '' ? code : `${code}: ${message}`;
  }
  return `${name} (HTTP ${status}${requestId === undefined ? '' : `, request ${requestId}`})`;
}

export interface Advice {
  /** What the call needs and of what, e.g. `sqs:SendMessage on queue arrivals`. */
  readonly permission: string;
  /** What to do where neither permission nor credentials, region or clock are at fault. */
  readonly remedy: string;
}

/**
 * How much of a system is shut to whoever got an error from it; undefined where the error is of what was asked. Credentials,
 * clocks and the way there are the same for all of it, permissions are not.
 */
export function refusedBy(error: unknown): 'system' | 'place' | undefined {
  if (!(error instanceof Error) || mayPass(error)) return undefined;
  const { name, code, message } = error as ClientError;
  const status = statusOf(error);
  if (CLOCK.test(name) || /Expired/.test(name) || CREDENTIALS.test(name)) return 'system';
  // There was no answer, such as where the certificate of the server is not trusted.
  if (status === undefined)
    return typeof code === 'string' || /region is missing/i.test(message) ? 'system' : undefined;
  const isElsewhere = REGION.test(name) || status === 301 || status === 307;
  const isDenied = DENIED.test(name) || status === 401 || status === 403;
  return isElsewhere || isDenied || name === 'NoSuchBucket' ? 'place' : undefined;
}

/**
 * What is thrown for an error of a client of AWS: `Unavailable` where it may pass, `Refused` where somebody has to let ndr in, else
 * an error that says what to do.
 * @param system whose failures are counted together, e.g. `S3`
 * @param tried what was asked of which place
 */
export function awsFault(system: string, tried: string, error: unknown, advice: Advice): Error {
  const told = shortly(error);
  if (mayPass(error)) return new Unavailable(system, tried, new Error(told));
  const text = `${tried}: ${told}; ${remedyOf(error, advice)}`;
  const refusedAt = refusedBy(error);
  return refusedAt === undefined ? new Error(`${system}: ${text}`) : new Refused(system, text, refusedAt === 'system');
}

function remedyOf(error: unknown, { permission, remedy }: Advice): string {
  const name = nameOf(error);
  const status = statusOf(error);
  if (CLOCK.test(name)) return SET_CLOCK;
  if (/Expired/.test(name)) return `the credentials have expired; ${GIVE_CREDENTIALS}`;
  if (CREDENTIALS.test(name)) return GIVE_CREDENTIALS;
  if (REGION.test(name) || status === 301 || status === 307) return SET_REGION;
  if (status === undefined && /region is missing/i.test((error as Error).message)) return SET_REGION;
  // A question for an object's head has no body in its answer that would name the fault.
  if (DENIED.test(name) || status === 401 || status === 403)
    return `allow ${permission} to the role or user that ndr runs as`;
  return remedy;
}
