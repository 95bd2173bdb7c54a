import { Unavailable } from '../unavailable.ts';

interface ClientFault extends Error {
  readonly code?: string;
  readonly $fault?: 'client' | 'server';
  readonly $retryable?: object;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
}

const PASSING: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'Throttling',
  'RequestLimitExceeded',
  'LimitExceededException',
  'TransactionConflictException',
  'ContinuousBackupsUnavailableException',
  'InternalServerError',
  'ServiceUnavailable',
  'TimeoutError',
]);

/** Errors of sockets and of name servers: the request, or its answer, was lost on the way. */
const LOST = /^(?:ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)/;

const REFUSED: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'IncompleteSignature',
  'MissingAuthenticationTokenException',
  'MissingAuthenticationToken',
  'ExpiredTokenException',
]);

export const isConditionFault = (error: unknown): boolean => nameOf(error) === 'ConditionalCheckFailedException';
export const isMissingTable = (error: unknown): boolean => nameOf(error) === 'ResourceNotFoundException';
export const isUnknownOperation = (error: unknown): boolean => nameOf(error) === 'UnknownOperationException';
export const isTableInUse = (error: unknown): boolean => nameOf(error) === 'ResourceInUseException';
export const isNotReady = (error: unknown): boolean => nameOf(error) === 'ContinuousBackupsUnavailableException';
export const isTooLarge = (error: unknown): boolean =>
  nameOf(error) === 'ValidationException' && /item size/i.test((error as Error).message);

/** True if the client sent the request more than once: the failure may answer to what an earlier sending did. */
export const wasSentAgain = (error: unknown): boolean => ((error as ClientFault).$metadata?.attempts ?? 1) > 1;

/** DynamoDB's own limit. */
const MOST_KB = 400;

/** @param remedy what makes it smaller */
export function tooLargeFault(cause: unknown, table: string, key: string, record: object, remedy: string): Error {
  const kb = Math.ceil(new TextEncoder().encode(JSON.stringify(record)).length / 1024);
  const what = `item ${key} for table ${table} takes some ${kb} KB, more than the ${MOST_KB} KB that one may take`;
  return new Error(`DynamoDB: ${what}; ${remedy}`, { cause });
}

/** What a failed call is to be reported as: `Unavailable` where it may pass, else an error that says what to do. */
export function dynamoDbFault(error: unknown, operation: string, table: string): Error {
  const fault = error as ClientFault;
  const what = `${operation} on table ${table}`;
  if (mayPass(fault)) return new Unavailable('DynamoDB', what, fault);
  if (isMissingTable(error))
    return new Error(`DynamoDB: table ${table} does not exist; create it with: ndr provision`, { cause: error });
  if (REFUSED.has(fault.name)) {
    const remedy =
      fault.name === 'AccessDeniedException'
        ? `allow dynamodb:${operation} on this table to the role or user that ndr runs as`
        : 'check the AWS credentials that ndr runs with, and aws.region';
    return new Error(`DynamoDB: ${what} was refused: ${fault.name}: ${fault.message}; ${remedy}`, { cause: error });
  }
  return new Error(`DynamoDB: ${what} failed: ${fault.name}: ${fault.message}`, { cause: error });
}

function mayPass(fault: ClientFault): boolean {
  const status = fault.$metadata?.httpStatusCode ?? 0;
  return (
    PASSING.has(fault.name) ||
    LOST.test(fault.code ?? '') ||
    fault.$fault === 'server' ||
    status >= 500 ||
    status === 429 ||
    fault.$retryable !== undefined
  );
}

const nameOf = (error: unknown): string | undefined => (error instanceof Error ? error.name : undefined);
