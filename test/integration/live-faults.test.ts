/** `ndr serve` while S3, DynamoDB, SQS and whoever delivers do what they do now and then: it ends as if nothing had been. */

import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { S3FaultRule } from '../fakes/s3-fault-rules.ts';
import { startAwsProxy } from '../support/aws-proxy.ts';
import { keyOf, type LiveLab, LONG_HIDDEN, s3Event } from '../support/live-lab.ts';
import type { MiniBatch } from '../support/mini-batch-folders.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';
import { undisturbed } from '../support/undisturbed-run.ts';
import { expectWhole, inLab, PATIENCE_MS, until } from '../support/whole-lab.ts';

const MINI_BATCHES = officeMiniBatches({ seed: 7, hosts: 3, slices: 4, doubled: [2], thin: 6 });
const [FIRST, SECOND] = MINI_BATCHES as [MiniBatch, MiniBatch];
const LAST = MINI_BATCHES.at(-1)!;
/** Minutes where it is proven. */
const OUTAGE_MS = Number(process.env['NDR_TEST_OUTAGE_SECONDS'] ?? '15') * 1000;

let reference: Record<string, string>;
beforeAll(async () => {
  reference = await undisturbed(MINI_BATCHES);
});

const announce = (lab: LiveLab, miniBatch: MiniBatch, timeMs = miniBatch.sliceEnd + 5000): Promise<void> =>
  lab.send(s3Event([`${keyOf(miniBatch)}/part-0.json.gz`], timeMs));
/** Messages that are in the queue now; how often each was received can be read from them later. */
const sentTo = (lab: LiveLab) => [...lab.sqs.queue('ndr').messages];
const committed = async (lab: LiveLab): Promise<number> => (await lab.manifests()).length;

describe.concurrent('serve while S3 fails', { timeout: PATIENCE_MS }, () => {
  it('waits, asks little and dead-letters nothing while S3 refuses everything', () =>
    inLab({}, async (lab) => {
      for (const miniBatch of MINI_BATCHES) await lab.put(miniBatch);
      const process = lab.serve(LONG_HIDDEN);
      await announce(lab, FIRST);
      await until('the first is committed', async () => (await committed(lab)) === 1);
      lab.s3.setFaults({ rules: [{ fault: { is: 'refused', status: 503, code: 'SlowDown' }, forMs: OUTAGE_MS }] });
      for (const miniBatch of MINI_BATCHES.slice(1)) await announce(lab, miniBatch);
      const messages = sentTo(lab);
      await lab.settled(MINI_BATCHES.length, [process]);
      await expectWhole(lab, reference);
      expect(messages.map(({ receives }) => receives)).toEqual(messages.map(() => 1));
      // Looked at five times a second, each folder would have cost 75 looks of three attempts.
      const refused = lab.s3.seen.filter(({ status }) => status === 503);
      expect(refused.length).toBeGreaterThan(3);
      expect(refused.length).toBeLessThan(100);
    }));

  it('gets through where a share of the requests fails', () =>
    inLab({}, async (lab) => {
      for (const miniBatch of MINI_BATCHES) await lab.put(miniBatch);
      const rules: S3FaultRule[] = [
        { fault: { is: 'refused', status: 503, code: 'SlowDown' }, share: 0.15 },
        { fault: { is: 'refused', status: 500, code: 'InternalError' }, share: 0.05 },
        { fault: { is: 'unanswered' }, share: 0.05 },
      ];
      lab.s3.setFaults({ seed: 11, rules });
      const process = lab.serve();
      for (const miniBatch of MINI_BATCHES) await announce(lab, miniBatch);
      await until(
        'all are committed',
        async () =>
          (await lab.index.committedBetween('default', 'v1', 0, Number.POSITIVE_INFINITY)).length ===
          MINI_BATCHES.length,
      );
      lab.s3.setFaults({ rules: [] });
      await lab.settled(MINI_BATCHES.length, [process]);
      await expectWhole(lab, reference);
    }));

  it('reads raw files whose bodies trickle, break off, stop, or arrive garbled', () =>
    inLab({}, async (lab) => {
      for (const miniBatch of MINI_BATCHES) await lab.put(miniBatch);
      const raw = (fault: S3FaultRule['fault'], times: number): S3FaultRule => ({
        fault,
        times,
        operations: ['GetObject'],
        keyHolds: 'paloalto/',
      });
      lab.s3.setFaults({
        rules: [
          raw({ is: 'cut', afterBytes: 100 }, 2),
          raw({ is: 'stalled', afterBytes: 50 }, 1),
          raw({ is: 'slow', chunkBytes: 512, pauseMs: 20 }, 2),
          raw({ is: 'cut', afterBytes: 0 }, 1),
          raw({ is: 'garbled' }, 1),
        ],
      });
      const process = lab.serve();
      for (const miniBatch of MINI_BATCHES) await announce(lab, miniBatch);
      await lab.settled(MINI_BATCHES.length, [process]);
      await expectWhole(lab, reference);
    }));
});

describe.concurrent('serve while DynamoDB fails', { timeout: PATIENCE_MS }, () => {
  it('waits while it is away, and receives no more than it can answer for', () =>
    inLab({}, async (lab) => {
      const proxy = await startAwsProxy(lab.dynamoDb.endpoint);
      for (const miniBatch of MINI_BATCHES) await lab.put(miniBatch);
      const process = lab.serve({ NDR_DYNAMODB_ENDPOINT: proxy.endpoint, ...LONG_HIDDEN });
      await announce(lab, FIRST);
      await until('the first is committed', async () => (await committed(lab)) === 1);
      const before = [...proxy.calls.values()].reduce((sum, count) => sum + count, 0);
      proxy.setTrouble(() => ({ is: 'away' }));
      for (const miniBatch of MINI_BATCHES.slice(1)) await announce(lab, miniBatch);
      const messages = sentTo(lab);
      await pause(12_000);
      const during = [...proxy.calls.values()].reduce((sum, count) => sum + count, 0) - before;
      expect(during).toBeGreaterThan(3);
      expect(during).toBeLessThan(150);
      // The breaker is open: one long poll that was under way may bring some in, the next ones are not begun.
      proxy.setTrouble(() => undefined);
      await lab.settled(MINI_BATCHES.length, [process]);
      await expectWhole(lab, reference);
      expect(messages.map(({ receives }) => receives)).toEqual(messages.map(() => 1));
      await process.stop();
      await proxy.close();
    }));

  it('gets through where it throttles a quarter of what is asked', () =>
    inLab({}, async (lab) => {
      const proxy = await startAwsProxy(lab.dynamoDb.endpoint);
      let asked = 0;
      proxy.setTrouble(() =>
        asked++ % 4 === 0 ? { is: 'refused', code: 'ProvisionedThroughputExceededException' } : undefined,
      );
      const process = lab.serve({ NDR_DYNAMODB_ENDPOINT: proxy.endpoint });
      for (const miniBatch of MINI_BATCHES) await lab.deliver(miniBatch);
      await lab.settled(MINI_BATCHES.length, [process]);
      await expectWhole(lab, reference);
      await process.stop();
      await proxy.close();
    }));
});

describe.concurrent('serve while SQS fails', { timeout: PATIENCE_MS }, () => {
  it('asks less and less often while nothing can be received, and then goes on', () =>
    inLab({}, async (lab) => {
      const proxy = await startAwsProxy(lab.sqs.endpoint);
      proxy.setTrouble((operation) =>
        operation === 'ReceiveMessage' ? { is: 'refused', code: 'RequestThrottled' } : undefined,
      );
      const process = lab.serve({ NDR_SQS_ENDPOINT: proxy.endpoint });
      for (const miniBatch of MINI_BATCHES) await lab.deliver(miniBatch);
      await until('it was asked', async () => (proxy.calls.get('ReceiveMessage') ?? 0) > 0);
      await pause(8_000);
      // Three attempts each, and at least 0.5, 1, 2, 4 s in between.
      expect(proxy.calls.get('ReceiveMessage')).toBeLessThanOrEqual(15);
      proxy.setTrouble(() => undefined);
      await lab.settled(MINI_BATCHES.length, [process]);
      await expectWhole(lab, reference);
      await process.stop();
      await proxy.close();
    }));

  it('removes again what could not be removed, and what was removed without an answer', () =>
    inLab({}, async (lab) => {
      for (const miniBatch of MINI_BATCHES) await lab.deliver(miniBatch);
      lab.sqs.trouble('DeleteMessageBatch', { is: 'unanswered' }, 4);
      lab.sqs.trouble('DeleteMessageBatch', { is: 'refused', status: 503 }, 4);
      lab.sqs.failEntries(3);
      const messages = sentTo(lab);
      const process = lab.serve(LONG_HIDDEN);
      await lab.settled(MINI_BATCHES.length, [process]);
      await expectWhole(lab, reference);
      expect(messages.map(({ receives }) => receives)).toEqual(messages.map(() => 1));
      expect(lab.sqs.calls.get('DeleteMessageBatch')).toBeGreaterThan(4);
    }));

  it('takes once what is handed out twice and in the wrong order', () =>
    inLab({}, async (lab) => {
      const { troubles } = lab.sqs.queue('ndr');
      troubles.reversed = true;
      troubles.duplicated = 4;
      const process = lab.serve({ NDR_ORDER_WAIT_SECONDS: '1' });
      for (const miniBatch of MINI_BATCHES.toReversed()) await lab.deliver(miniBatch);
      // The first of all comes behind all others: they are published again.
      await lab.settled(MINI_BATCHES.length, [process]);
      await expectWhole(lab, reference);
    }));
});

describe.concurrent('serve and what delivers', { timeout: PATIENCE_MS }, () => {
  it('finds by itself what nothing announced', async () => {
    const QUARTER = 900_000;
    const start = Math.floor((Date.now() - 4 * 3_600_000) / QUARTER) * QUARTER + 8 * 60_000;
    const recent = officeMiniBatches({ seed: 8, hosts: 3, slices: 3, thin: 6, start });
    const alone = await undisturbed(recent);
    await inLab({}, async (lab) => {
      const process = lab.serve({ NDR_RECONCILE_SECONDS: '1', NDR_COMPLETENESS_MAX_WAIT_SECONDS: '1' });
      lab.sqs.queue('ndr').troubles.lost = 2;
      for (const miniBatch of recent) await lab.deliver(miniBatch);
      await lab.settled(recent.length, [process]);
      await expectWhole(lab, alone);
    });
  });

  it('settles the slice once where two messages about a folder tell times on both sides of its edge', () =>
    inLab({}, async (lab) => {
      await lab.put(FIRST);
      const edge = FIRST.sliceEnd;
      await announce(lab, FIRST, edge + 1000);
      await announce(lab, FIRST, edge - 1000);
      const process = lab.serve();
      await lab.settled(1, [process]);
      const [manifest, ...others] = await lab.manifests();
      expect(others).toEqual([]);
      expect([edge, edge - 900_000]).toContain(Date.parse(manifest!.slice.slice_end_ts));
      expect(Date.parse(manifest!.slice.slice_end_ts)).toBe(
        (await lab.index.settledSlice('default', FIRST.id))!.sliceEnd,
      );
      expect(manifest!.revision).toBe(1);
      // And once it is committed, a message that tells yet another time changes nothing either.
      await announce(lab, FIRST, edge + 3_600_000);
      await until('it is removed', async () => lab.sqs.queue('ndr').messages.length === 0);
      expect(await lab.manifests()).toEqual([manifest]);
      expect(lab.sqs.queue('ndr-dead-letters').messages).toEqual([]);
    }));

  it('removes a message about several folders when the last of them is done, and waits for the marker of each', () =>
    inLab({}, async (lab) => {
      const three = MINI_BATCHES.slice(0, 3);
      await lab.send(
        s3Event(
          three.map((miniBatch) => `${keyOf(miniBatch)}/part-0.json.gz`),
          LAST.sliceEnd + 5000,
        ),
      );
      const [message] = sentTo(lab);
      const process = lab.serve({ NDR_COMPLETENESS_MARKER: '_SUCCESS', NDR_ORDER_WAIT_SECONDS: '1', ...LONG_HIDDEN });
      const complete = (miniBatch: MiniBatch) =>
        lab.put(miniBatch, { 'part-0.json.gz': miniBatch.lines, _SUCCESS: [] });
      for (const miniBatch of three.slice(0, 2)) await complete(miniBatch);
      await lab.put(three[2]!);
      await until('two are committed', async () => (await committed(lab)) === 2);
      await pause(2000);
      expect(await committed(lab)).toBe(2);
      expect(sentTo(lab)).toEqual([message]);
      await complete(three[2]!);
      await lab.settled(3, [process]);
      expect(message!.receives).toBe(1);
      expect((await lab.manifests()).map(({ mini_batch_id: id }) => id)).toEqual(three.map(({ id }) => id));
    }));

  it('waits until the files of an announced folder are quiet, and takes one that comes after the commit as a new revision', () =>
    inLab({}, async (lab) => {
      const halves = {
        'part-0.json.gz': SECOND.lines.filter((_, line) => line % 2 === 0),
        'part-1.json.gz': SECOND.lines.filter((_, line) => line % 2 === 1),
      };
      const process = lab.serve({
        NDR_COMPLETENESS_SETTLE_SECONDS: '2',
        NDR_COMPLETENESS_RECHECK_SECONDS: '2',
      });
      await announce(lab, FIRST);
      await announce(lab, SECOND);
      await pause(1000);
      await lab.put(FIRST);
      await lab.put(SECOND, { 'part-0.json.gz': halves['part-0.json.gz'] });
      await lab.settled(2, [process]);
      // Nothing announces it: the folder is looked at again.
      await lab.put(SECOND, { 'part-1.json.gz': halves['part-1.json.gz'] });
      await until('there is a second revision', async () => (await lab.manifests())[1]!.revision === 2);
      await lab.settled(2, [process]);
      const [, second] = await lab.manifests();
      expect(second!.inputs.map(({ key }) => key.split('/').at(-1))).toEqual(Object.keys(halves));
      await process.stop();
      expect(process.results).toEqual([
        `${FIRST.id} committed 1`,
        `${SECOND.id} committed 1`,
        `${SECOND.id} committed 2`,
      ]);
      await expectWhole(lab, await undisturbed([FIRST, SECOND], { files: { [SECOND.id]: halves } }));
    }));

  it('takes a late file that a second message tells of without waiting for the next look', () =>
    inLab({}, async (lab) => {
      const process = lab.serve();
      await lab.deliver(FIRST);
      await lab.settled(1, [process]);
      const late = { 'part-1.json.gz': SECOND.lines };
      await lab.put(FIRST, late);
      await lab.send(s3Event([`${keyOf(FIRST)}/part-1.json.gz`], FIRST.sliceEnd + 60_000));
      await until('there is a second revision', async () => (await lab.manifests())[0]!.revision === 2);
      await lab.settled(1, [process]);
      const files = { [FIRST.id]: { 'part-0.json.gz': FIRST.lines, ...late } };
      await expectWhole(lab, await undisturbed([FIRST], { files }));
    }));

  it('commits an announced folder that stays without data files as a mini-batch in which nothing happened', () =>
    inLab({}, async (lab) => {
      const process = lab.serve({ NDR_COMPLETENESS_MAX_WAIT_SECONDS: '2' });
      await announce(lab, FIRST);
      await lab.settled(1, [process]);
      const [manifest] = await lab.manifests();
      expect(manifest!.mini_batch_id).toBe(FIRST.id);
      expect(manifest!.inputs).toEqual([]);
      expect(Object.values(manifest!.datasets).flatMap(({ files }) => files)).toEqual([]);
      expect(lab.sqs.queue('ndr-dead-letters').messages).toEqual([]);
    }));

  it('puts a mini-batch of noise aside with its cause, while the others go on', () =>
    inLab({}, async (lab) => {
      const noise = { ...SECOND, id: `${SECOND.id}-noise`, lines: Array.from({ length: 200 }, (_, n) => `noise ${n}`) };
      const process = lab.serve();
      for (const miniBatch of [FIRST, noise, ...MINI_BATCHES.slice(1)]) await lab.deliver(miniBatch);
      await lab.settled(MINI_BATCHES.length, [process]);
      expect(lab.sqs.queue('ndr-dead-letters').messages.map(({ body }) => body)).toEqual([
        s3Event([`${keyOf(noise)}/part-0.json.gz`], noise.sliceEnd + 5000),
      ]);
      const [letter] = lab.sqs.queue('ndr-dead-letters').messages;
      expect(letter!.attributes['cause']?.StringValue).toMatch(/200 of 200 lines/);
      const quarantined: string[] = [];
      for await (const { path } of lab.quarantine.list(`default/${noise.id}/`)) quarantined.push(path);
      expect(quarantined).not.toEqual([]);
      lab.sqs.queue('ndr-dead-letters').purge();
      await expectWhole(lab, reference);
    }));
});
