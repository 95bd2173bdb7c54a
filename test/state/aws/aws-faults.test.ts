/** What the clients of AWS throw, as it is told: the same for every service. */

import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { awsFault, mayPass, namePasses, refusedBy } from '../../../src/state/aws/aws-faults.ts';
import { dynamoDbFault } from '../../../src/state/aws/dynamodb-fault.ts';
import { s3Fault } from '../../../src/state/aws/s3-faults.ts';
import { Refused } from '../../../src/state/refused.ts';
import { Unavailable } from '../../../src/state/unavailable.ts';

const answered = (status: number, name: string, more: object = {}): Error =>
  Object.assign(new Error('quoted: hush'), { name, $metadata: { httpStatusCode: status, requestId: 'r-1' }, ...more });
const lost = (code: string, message = `connect ${code}`): Error => Object.assign(new Error(message), { code });

/** As each service says it. */
const TELLERS = [
  (error: unknown) => s3Fault(error, 'PutObject', { bucket: 'b', key: 'k' }),
  (error: unknown) => dynamoDbFault(error, 'PutItem', 'things'),
  (error: unknown) =>
    awsFault('SQS', 'receive', error, { permission: 'sqs:ReceiveMessage', remedy: 'check queue.url' }),
];

describe('a fault of AWS', () => {
  it.each([
    [answered(503, 'SlowDown'), true],
    [answered(500, 'InternalError'), true],
    [answered(400, 'InternalServerError'), true],
    [answered(429, 'TooManyRequests'), true],
    [answered(408, 'Whatever'), true],
    [answered(409, 'ConditionalRequestConflict'), true],
    [answered(400, 'RequestTimeout'), true],
    [answered(400, 'ThrottlingException'), true],
    [answered(400, 'ProvisionedThroughputExceededException'), true],
    [answered(400, 'RequestLimitExceeded'), true],
    [answered(400, 'TransactionConflictException'), true],
    [answered(400, 'Odd', { $fault: 'server' }), true],
    [answered(400, 'Odd', { $retryable: {} }), true],
    [answered(400, 'ItemCollectionSizeLimitExceededException'), false],
    [answered(400, 'ConditionalCheckFailedException'), false],
    [answered(400, 'ValidationException'), false],
    [answered(400, 'ExpiredToken'), false],
    [answered(403, 'SignatureDoesNotMatch'), false],
    [answered(403, 'RequestTimeTooSkewed'), false],
    [answered(403, 'RequestExpired'), false],
    [answered(404, 'NoSuchBucket'), false],
    [answered(301, 'PermanentRedirect'), false],
    [answered(403, 'CredentialsProviderError', { $retryable: {} }), false],
    [lost('ENOTFOUND'), true],
    [lost('ECONNRESET'), true],
    [lost('ENETDOWN'), true],
    [lost('HPE_INVALID_CONSTANT'), true],
    [lost('ERR_STREAM_PREMATURE_CLOSE'), true],
    [new Error('aborted'), true],
    [Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), false],
    [new TypeError('x is not a function'), false],
  ])('%s passes: %s', (error, passes) => {
    expect(mayPass(error)).toBe(passes);
    for (const tell of TELLERS) expect(tell(error) instanceof Unavailable).toBe(passes);
  });

  it.each([
    [answered(403, 'AccessDenied'), 'place'],
    [answered(400, 'AccessDeniedException'), 'place'],
    [answered(403, 'Unknown'), 'place'],
    [answered(404, 'NoSuchBucket'), 'place'],
    [answered(301, 'PermanentRedirect'), 'place'],
    [answered(400, 'ExpiredToken'), 'system'],
    [answered(403, 'InvalidAccessKeyId'), 'system'],
    [answered(403, 'SignatureDoesNotMatch'), 'system'],
    [answered(400, 'UnrecognizedClientException'), 'system'],
    [answered(403, 'RequestTimeTooSkewed'), 'system'],
    [Object.assign(new Error('no role'), { name: 'CredentialsProviderError' }), 'system'],
    [Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'system'],
    [new Error('Region is missing'), 'system'],
    // These are of what was asked, or of us.
    [answered(400, 'ValidationException'), undefined],
    [answered(400, 'KeyTooLongError'), undefined],
    [answered(400, 'ConditionalCheckFailedException'), undefined],
    [answered(404, 'NoSuchKey'), undefined],
    [new TypeError('x is not a function'), undefined],
    // And this passes.
    [answered(503, 'SlowDown'), undefined],
  ])('%s refuses: %s', (error, extent) => {
    expect(refusedBy(error)).toBe(extent);
    for (const tell of TELLERS) expect(tell(error) instanceof Refused).toBe(extent !== undefined);
    const fault = s3Fault(error, 'PutObject', { bucket: 'b', key: 'k' });
    if (fault instanceof Refused) expect(fault.isWhole).toBe(extent === 'system');
  });

  it('of one table is as much as of all: every mini-batch needs every table', () => {
    for (const error of [answered(400, 'AccessDeniedException'), answered(400, 'ResourceNotFoundException')])
      expect(dynamoDbFault(error, 'PutItem', 'things')).toMatchObject({ system: 'DynamoDB', isWhole: true });
  });

  it('of a clock passes once the client knows by how much it is off', () => {
    const metadata = { httpStatusCode: 403, clockSkewCorrected: true };
    expect(mayPass(answered(403, 'RequestTimeTooSkewed', { $metadata: metadata }))).toBe(true);
    expect(TELLERS[2]!(answered(403, 'RequestTimeTooSkewed')).message).toContain('set the clock of this machine');
  });

  it('of one entry of a batch is judged by its name', () => {
    expect(['RequestThrottled', 'ThrottlingException', 'ReceiptHandleIsInvalid'].map(namePasses)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('holds nothing of an answer, which may quote what was signed', () => {
    for (const status of [403, 503])
      for (const tell of TELLERS) {
        const fault = tell(answered(status, 'SignatureDoesNotMatch', { CanonicalRequest: 'hush', Key: 'hush' }));
        expect(inspect(fault, { depth: 9, showHidden: true })).not.toContain('hush');
      }
  });

  it.each([
    [answered(403, 'AccessDenied'), 'allow s3:PutObject on bucket b to the role or user that ndr runs as'],
    // As the head of an object is refused, whose answer names nothing.
    [answered(403, 'Unknown'), 'allow s3:PutObject on bucket b to the role or user that ndr runs as'],
    [answered(400, 'ExpiredToken'), 'the credentials have expired; give ndr credentials that are valid'],
    [answered(403, 'InvalidAccessKeyId'), 'give ndr credentials that are valid'],
    [answered(301, 'PermanentRedirect'), 'set aws.region or AWS_REGION'],
    [answered(404, 'NoSuchBucket'), 'there is no such bucket; create it or correct the location'],
    [answered(501, 'Odd'), 'S3: PutObject of s3://b/k: Odd (HTTP 501, request r-1)'],
    [answered(400, 'Odd'), 'look into the location, s3.endpoint and what the server of bucket b supports'],
  ])('%s says what to do: %s', (error, remedy) => {
    expect(s3Fault(error, 'PutObject', { bucket: 'b', key: 'k' }).message).toContain(remedy);
  });

  it('says of an object that reading needs listing, too', () => {
    const { message } = s3Fault(answered(403, 'Unknown'), 'HeadObject', { bucket: 'b', key: 'k' });
    expect(message).toContain(
      'allow s3:GetObject and s3:ListBucket, without which what is not there counts as denied, on',
    );
  });
});
