/** From objects in S3 and messages in SQS to features in S3 and an index in DynamoDB: real sockets, real clients, real processes. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readManifests } from '../support/committed-lake.ts';
import {
  contentOfManifests,
  type LiveLab,
  missingFiles,
  openLiveLab,
  pathsIn,
  RAW_BUCKET,
  s3Event,
} from '../support/live-lab.ts';
import { ID_PATTERN, writeMiniBatch } from '../support/mini-batch-folders.ts';
import { runNdr } from '../support/ndr-process.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const MINI_BATCHES = officeMiniBatches({ seed: 7, hosts: 4, slices: 5, doubled: [2], thin: 3 });

let lab: LiveLab;
beforeEach(async () => {
  lab = await openLiveLab();
});
afterEach(() => lab.close());

/** What a backfill of the same mini-batches from a directory commits. */
async function undisturbed(): Promise<Record<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'ndr-undisturbed-'));
  try {
    for (const miniBatch of MINI_BATCHES) writeMiniBatch(join(folder, 'raw'), miniBatch);
    const args = ['backfill', '--input', join(folder, 'raw'), '--home', join(folder, 'home')];
    const { code, stderr } = await runNdr(args, { NDR_INPUT_ID_PATTERN: ID_PATTERN, NDR_THREADS: '1' });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return contentOfManifests(readManifests(join(folder, 'home')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('serve with a queue', () => {
  it('commits to S3 what a backfill commits to a directory, and leaves no message', async () => {
    const process = lab.serve();
    for (const miniBatch of MINI_BATCHES) await lab.deliver(miniBatch);
    await lab.settled(MINI_BATCHES.length, [process]);
    const { code, stderr } = await process.stop();
    // At the level warn of the lab, whatever is said is a warning at least.
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const manifests = await lab.manifests();
    expect(manifests.map(({ slice }) => slice.source)).toEqual(MINI_BATCHES.map(() => 'event'));
    expect(await missingFiles(lab.lake, manifests)).toEqual([]);
    expect(contentOfManifests(manifests)).toEqual(await undisturbed());
    expect(lab.sqs.queue('ndr-dead-letters').messages).toEqual([]);
  });

  it('takes one notification in every form, and sends what can never succeed to the dead letters with its cause', async () => {
    const [a, b, c, d] = MINI_BATCHES as [
      (typeof MINI_BATCHES)[0],
      (typeof MINI_BATCHES)[0],
      (typeof MINI_BATCHES)[0],
      (typeof MINI_BATCHES)[0],
    ];
    const address = async (miniBatch: typeof a): Promise<string> =>
      (await lab.put(miniBatch)).slice(`s3://${RAW_BUCKET}/`.length);
    await lab.send(JSON.stringify({ Event: 's3:TestEvent', Service: 'Amazon S3', Bucket: RAW_BUCKET }));
    const sns = s3Event([`${await address(a)}/part-0.json.gz`], a.sliceEnd);
    await lab.send(JSON.stringify({ Type: 'Notification', TopicArn: 'arn:aws:sns:us-east-1:1:raw', Message: sns }));
    await lab.send(
      JSON.stringify({
        source: 'aws.s3',
        'detail-type': 'Object Created',
        time: new Date(b.sliceEnd).toISOString(),
        detail: { bucket: { name: RAW_BUCKET }, object: { key: `${await address(b)}/part-0.json.gz` } },
      }),
    );
    await lab.send(
      JSON.stringify({
        s3_key: `s3://${RAW_BUCKET}/${await address(c)}/part-0.json.gz`,
        timestamp: new Date(c.sliceEnd).toISOString(),
      }),
    );
    await lab.send(
      s3Event([`${await address(d)}/part-0.json.gz`, 'elsewhere/2026/03/02/x/part-0.json.gz'], d.sliceEnd),
    );
    await lab.send('{"no": "notification"}');
    const process = lab.serve();
    await lab.settled(4, [process]);
    await process.stop();
    expect((await lab.manifests()).map(({ mini_batch_id: id }) => id)).toEqual([a, b, c, d].map(({ id }) => id));
    const causes = lab.sqs.queue('ndr-dead-letters').messages.map(({ attributes }) => attributes['cause']?.StringValue);
    expect(causes.sort()).toEqual([
      expect.stringMatching(/^no route fits s3:\/\/raw-logs\/elsewhere\/2026\/03\/02\/x/),
      expect.stringMatching(/^notification: /),
    ]);
    expect((await pathsIn(lab.quarantine)).filter((path) => path.includes('message-'))).toHaveLength(2);
  });
});
