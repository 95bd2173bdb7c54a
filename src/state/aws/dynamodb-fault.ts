import { Refused } from '../refused.ts';
import { awsFault, nameOf } from './aws-faults.ts';

export const isConditionFault = (error: unknown): boolean => nameOf(error) === 'ConditionalCheckFailedException';
export const isMissingTable = (error: unknown): boolean => nameOf(error) === 'ResourceNotFoundException';
export const isUnknownOperation = (error: unknown): boolean => nameOf(error) === 'UnknownOperationException';
export const isTableInUse = (error: unknown): boolean => nameOf(error) === 'ResourceInUseException';
export const isNotReady = (error: unknown): boolean => nameOf(error) === 'ContinuousBackupsUnavailableException';
export const isTooLarge = (error: unknown): boolean =>
  nameOf(error) === 'ValidationException' && /item size/i.test((error as Error).message);

/** DynamoDB's own limit. */
const MOST_KB = 400;

/** @param remedy what makes it smaller */
export function tooLargeFault(cause: unknown, table: string, key: string, record: object, remedy: string): Error {
  const kb = Math.ceil(new TextEncoder().encode(JSON.stringify(record)).length / 1024);
  const what = `item ${key} for table ${table} takes some ${kb} KB, more than the ${MOST_KB} KB that one may take`;
  return new Error(`DynamoDB: ${what}; ${remedy}`, { cause });
}

/**
 * What a failed call is to be reported as: `Unavailable` where it may pass, `Refused` where somebody has to let ndr in, else an
 * error that says what to do. Every mini-batch needs every table: one that is shut is the whole of it.
 */
export function dynamoDbFault(error: unknown, operation: string, table: string): Error {
  if (isMissingTable(error))
    return new Refused('DynamoDB', `table ${table} does not exist; create it with: ndr provision`, true);
  const fault = awsFault('DynamoDB', `${operation} on table ${table}`, error, {
    permission: `dynamodb:${operation} on table ${table}`,
    remedy: 'look into tables.*, dynamodb.endpoint and what the server supports',
  });
  return fault instanceof Refused ? fault.ofAll() : fault;
}
