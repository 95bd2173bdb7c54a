import { Unavailable } from '../state/unavailable.ts';

/** What the clients of AWS throw, as far as it says whether to try again. */
interface ClientError extends Error {
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $retryable?: unknown;
}

/** Faults by name that pass although they are told as the caller's. */
const PASSING = /Throttl|TooManyRequests|LimitExceeded|RequestExpired|TimeTooSkewed|Timeout/i;
/** Errors of sockets and of name servers. */
const LOST = /^(?:ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN|ENOTFOUND|EAI_AGAIN|HPE_)/;
const DENIED = /AccessDenied|NotAuthorized|^AuthFailure/i;
const CREDENTIALS = /Credentials|Signature|Token|UnrecognizedClient|InvalidClient|AccessKey/i;

/** Whether a fault of this name may pass, as told of one entry of a batch. */
export const namePasses = (name: string): boolean => PASSING.test(name);

/** Whether what a client of AWS threw may pass: the network, the server's own faults, too many calls. */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, code, $metadata, $retryable } = error as ClientError;
  // A role's credentials are fetched over the network as well: what that says is of the credentials.
  if (name === 'CredentialsProviderError') return false;
  const status = $metadata?.httpStatusCode ?? 0;
  if (status >= 500 || status === 429 || $retryable !== undefined || namePasses(name)) return true;
  return typeof code === 'string' && LOST.test(code);
}

/**
 * Name, status and request. An answer's text is left out, as that to a faulty signature quotes what was signed, session
 * tokens included; where there was no answer, the client's own text says what happened.
 */
export function shortly(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { name, message, code, $metadata } = error as ClientError;
  const { httpStatusCode: status, requestId } = $metadata ?? {};
  if (status === undefined)
    return typeof code === 'string' && !message.includes(code) ? `${code}: ${message}` : message;
  return `${name} (HTTP ${status}${requestId === undefined ? '' : `, request ${requestId}`})`;
}

/**
 * What is thrown for an error of a client of AWS: `Unavailable` where it may pass, else an error that says what to do.
 * @param permission what the call needs, e.g. `sqs:SendMessage`
 * @param remedy where neither permission nor credentials are at fault
 */
export function awsFault(system: string, tried: string, error: unknown, permission: string, remedy: string): Error {
  const told = shortly(error);
  if (mayPass(error)) return new Unavailable(system, tried, new Error(told));
  const name = error instanceof Error ? error.name : '';
  const todo = DENIED.test(name)
    ? `allow ${permission} to the role or user that ndr runs as`
    : CREDENTIALS.test(name)
      ? 'check the AWS credentials that ndr runs with, and aws.region'
      : remedy;
  return new Error(`${system}: ${tried}: ${told}; ${todo}`);
}
