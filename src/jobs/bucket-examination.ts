import { randomUUID } from 'node:crypto';
import { type BucketUpkeep, UNFINISHED_DAYS } from '../state/bucket-upkeep.ts';
import type { Lake } from '../state/lake.ts';
import { error, type Finding, info, warning } from './finding.ts';
import { reachFinding } from './reach-finding.ts';

/** A place in S3 that is written to. */
export interface WrittenPlace {
  /** What it is: `lake`, `quarantine`. */
  readonly check: string;
  /** `s3://bucket/prefix` */
  readonly location: string;
  readonly lake: Lake;
}

/** Below it nothing of ours lies but what this puts there and removes. */
const PROBES = '_doctor';
const WAY_THERE = 'check s3.endpoint, the network and the server';

/**
 * Whether a place can be read and, where asked for, written: an object is put, put again, read and removed.
 * @returns whether it can be read
 */
export async function* examineBucket(
  { check, location, lake }: WrittenPlace,
  upkeep: BucketUpkeep,
  isWriting: boolean,
): AsyncGenerator<Finding, boolean> {
  try {
    // Two permissions: to list, and to read. One entry is enough.
    for await (const _ of lake.list('')) break;
    await lake.exists(`${PROBES}/nothing`);
  } catch (cause) {
    yield reachFinding(check, cause, WAY_THERE);
    return false;
  }
  yield info(check, `${location} can be listed and read`);
  yield* examineUpkeep(check, location, upkeep);
  if (isWriting) yield* examineWriting(check, location, lake);
  return true;
}

async function* examineUpkeep(check: string, location: string, upkeep: BucketUpkeep): AsyncGenerator<Finding> {
  try {
    const clears = await upkeep.clearsUploads(location);
    if (clears === 'unknown to the server')
      yield info(check, `the server of ${location} knows no rules that clear unfinished uploads`);
    else if (clears)
      yield info(check, `uploads to ${location} that are unfinished for ${UNFINISHED_DAYS} days are cleared`);
    else
      yield warning(
        check,
        `no rule clears uploads to ${location} that killed workers left unfinished; they are paid for and not listed`,
        'ndr provision',
      );
  } catch (cause) {
    const { what, remedy } = reachFinding(check, cause, WAY_THERE);
    yield warning(check, `whether unfinished uploads are cleared is not known: ${what}`, remedy!);
  }
}

async function* examineWriting(check: string, location: string, lake: Lake): AsyncGenerator<Finding> {
  const path = `${PROBES}/${randomUUID()}`;
  const bytes = new TextEncoder().encode(path);
  try {
    await lake.create(path, bytes);
    const again = await lake.create(path, new Uint8Array());
    const read = await lake.read(path);
    if (again !== 'exists' || read.length !== bytes.length)
      yield error(
        check,
        `the server of ${location} puts an object over one that is there: it does not heed If-None-Match, and of two workers one would undo what the other committed`,
        'use a server that heeds it, as S3 itself does',
      );
    else yield info(check, `${location} can be written, and nothing there is overwritten`);
    await lake.remove(path);
  } catch (cause) {
    yield reachFinding(check, cause, WAY_THERE);
  }
}
