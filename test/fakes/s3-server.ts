import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Answer } from './s3-answer.ts';
import { type ChooseFault, faultChooser, type S3Fault, type S3FaultPlan } from './s3-fault-rules.ts';
import { perform, type S3Operation, s3OperationOf } from './s3-operations.ts';
import { S3Refusal } from './s3-refusal.ts';
import { readS3Request, type S3Request } from './s3-request.ts';
import { Bucket, keepInFolder, keepInMemory, type Store } from './s3-store.ts';
import { xmlDocument } from './s3-xml.ts';

/** What was asked and answered. */
export interface SeenRequest {
  readonly operation: S3Operation;
  readonly bucket: string;
  readonly key: string;
  readonly range: string | undefined;
  /** 0 where it got no answer. */
  readonly status: number;
}

export interface FakeS3Options {
  /** Buckets that are there from the beginning. */
  readonly buckets?: readonly string[];
  /** 0, the default: a free one. */
  readonly port?: number;
  /** Where objects are kept; absent: in memory. */
  readonly folder?: string;
  /** Most that a page of a listing holds. */
  readonly pageSize?: number;
  readonly nowMs?: () => number;
}

export interface FakeS3 {
  readonly endpoint: string;
  /** The newest ones, in the order in which they ended. */
  readonly seen: readonly SeenRequest[];
  /** Replaces the plan before. */
  setFaults(plan: S3FaultPlan): void;
  /** Uploads that were neither completed nor aborted. */
  openUploads(): number;
  close(): Promise<void>;
}

/** Path of what is asked of the fake itself: no bucket is called so. */
const CONTROL = '/-/';
const MOST_SEEN = 10_000;

/**
 * An S3 server on a free port of this machine, path style, whatever keys a request is signed with. It answers what the
 * service answers, as far as it is used here, and fails as it is told: by `setFaults`, or from another process by
 * `PUT /-/faults` with a plan as JSON.
 */
export async function startFakeS3(options: FakeS3Options = {}): Promise<FakeS3> {
  const { buckets = [], port = 0, folder, pageSize, nowMs = Date.now } = options;
  const store: Store = {
    buckets: new Map(buckets.map((name) => [name, new Bucket()])),
    uploads: new Map(),
    keep: folder === undefined ? keepInMemory : keepInFolder(folder),
    nowMs,
  };
  const seen: SeenRequest[] = [];
  let chooseFault: ChooseFault = () => undefined;
  const setFaults = (plan: S3FaultPlan): void => {
    chooseFault = faultChooser(plan, nowMs);
  };
  const server = createServer((message, response) => {
    const work = message.url!.startsWith(CONTROL)
      ? control(message, response, setFaults)
      : answer(message, response, { store, pageSize, chooseFault, seen });
    // The client may have gone, or the socket been closed on purpose.
    work.catch(() => response.destroy());
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    setFaults,
    openUploads: () => store.uploads.size,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

async function control(
  message: IncomingMessage,
  response: ServerResponse,
  setFaults: (plan: S3FaultPlan) => void,
): Promise<void> {
  let text = '';
  for await (const chunk of message.setEncoding('utf8')) text += chunk as string;
  const isKnown = message.method === 'PUT' && message.url === `${CONTROL}faults`;
  if (isKnown) setFaults(JSON.parse(text) as S3FaultPlan);
  response.writeHead(isKnown ? 204 : 404).end();
}

interface Serving {
  readonly store: Store;
  readonly pageSize: number | undefined;
  readonly chooseFault: ChooseFault;
  readonly seen: SeenRequest[];
}

async function answer(message: IncomingMessage, response: ServerResponse, serving: Serving): Promise<void> {
  const { store, pageSize, chooseFault, seen } = serving;
  const requestId = randomUUID();
  let request: S3Request;
  let operation: S3Operation | undefined;
  let fault: S3Fault | undefined;
  const refused = (error: unknown): Answer => {
    const {
      status,
      code,
      message: why,
    } = error instanceof S3Refusal ? error : new S3Refusal(500, 'InternalError', String(error));
    return { status, body: xmlDocument('Error', { Code: code, Message: why, RequestId: requestId }) };
  };
  const outcome = await (async (): Promise<Answer> => {
    request = await readS3Request(message);
    operation = s3OperationOf(request);
    if (operation === undefined) throw new S3Refusal(501, 'NotImplemented');
    checkSignature(request);
    fault = chooseFault(operation, request.key);
    if (fault?.is === 'delayed') await pause(fault.ms);
    if (fault?.is === 'refused') throw new S3Refusal(fault.status, fault.code);
    return await perform(operation, store, request, pageSize);
  })().catch(refused);
  const isAnswered = fault?.is !== 'unanswered';
  if (operation !== undefined) {
    const { bucket, key, headers } = request!;
    seen.push({ operation, bucket, key, range: headers.range, status: isAnswered ? outcome.status : 0 });
    if (seen.length > MOST_SEEN) seen.shift();
  }
  if (!isAnswered) response.destroy();
  else await send(response, message.method!, requestId, outcome, fault);
}

/** Keys are not known here, but nobody comes without. */
function checkSignature({ headers, query }: S3Request): void {
  const isSigned = /^AWS4-HMAC-SHA256 Credential=\S+\/s3\/aws4_request/.test(headers.authorization ?? '');
  if (!isSigned && !query.has('X-Amz-Signature')) throw new S3Refusal(403, 'AccessDenied');
}

async function send(
  response: ServerResponse,
  method: string,
  requestId: string,
  { status, headers = {}, body }: Answer,
  fault: S3Fault | undefined,
): Promise<void> {
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body ?? []);
  const hasBody = method !== 'HEAD' && status !== 204 && status !== 304;
  response.writeHead(status, {
    'x-amz-request-id': requestId,
    ...(typeof body === 'string' ? { 'content-type': 'application/xml' } : {}),
    ...(hasBody ? { 'content-length': String(bytes.length) } : {}),
    ...headers,
  });
  if (!hasBody) response.end();
  else await sendBody(response, bytes, fault);
}

async function sendBody(response: ServerResponse, bytes: Buffer, fault: S3Fault | undefined): Promise<void> {
  switch (fault?.is) {
    case 'cut':
      response.write(bytes.subarray(0, fault.afterBytes), () => response.destroy());
      // Nothing is written of no bytes, and then nobody hears that they were.
      if (fault.afterBytes === 0) response.destroy();
      return;
    case 'stalled':
      response.write(bytes.subarray(0, fault.afterBytes));
      return;
    case 'slow':
      for (let at = 0; at < bytes.length && !response.destroyed; at += fault.chunkBytes) {
        response.write(bytes.subarray(at, at + fault.chunkBytes));
        await pause(fault.pauseMs);
      }
      response.end();
      return;
    case 'garbled': {
      const other = Buffer.from(bytes);
      if (other.length > 0) other[other.length - 1]! ^= 1;
      response.end(other);
      return;
    }
    default:
      response.end(bytes);
  }
}
