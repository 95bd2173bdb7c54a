/** What `ndr serve` tells of itself while it takes notifications: events, metrics, health, its log; and how it ends. */

import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EventBridgeServer, startEventBridgeServer } from '../fakes/eventbridge-server.ts';
import { type KafkaBroker, startKafkaBroker } from '../fakes/kafka-broker.ts';
import { readExposition, sampleOf } from '../support/exposition.ts';
import { type LiveLab, type LiveProcess, openLiveLab } from '../support/live-lab.ts';
import type { MiniBatch } from '../support/mini-batch-folders.ts';
import { endWithin } from '../support/ndr-process.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const [A, B, C] = officeMiniBatches({ seed: 7, hosts: 4, slices: 3 }) as [MiniBatch, MiniBatch, MiniBatch];
const TOPIC = 'ndr-events';
const STREAM = { project: 'default', feature_spec_version: 'v1' };

let lab: LiveLab;
const open: { close(): Promise<void> }[] = [];
beforeEach(async () => {
  lab = await openLiveLab();
});
afterEach(async () => {
  await lab.close();
  for (const one of open.splice(0)) await one.close();
});

/** Takes connections and never says a word. */
async function silentServer(): Promise<string> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => void sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

async function eventBridge(): Promise<EventBridgeServer> {
  const server = await startEventBridgeServer();
  open.push(server);
  return server;
}
async function kafka(): Promise<KafkaBroker> {
  const broker = await startKafkaBroker();
  open.push(broker);
  return broker;
}

interface Told {
  readonly event_id: string;
  readonly event_type: string;
  readonly mini_batch_id: string;
}
const toldBy = ({ entries }: EventBridgeServer): Told[] => entries.map(({ Detail = '' }) => JSON.parse(Detail) as Told);
const heardBy = (broker: KafkaBroker): Told[] =>
  broker.arrived(TOPIC).map(({ value }) => JSON.parse(String(value)) as Told);
const idsOf = (told: readonly Told[]): string[] => [...new Set(told.map(({ event_id: id }) => id))].sort();
const committedIn = (told: readonly Told[]): string[] => {
  const committed = told.filter(({ event_type: type }) => type === 'BatchCommitted');
  return [...new Set(committed.map(({ mini_batch_id: id }) => id))].sort();
};

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(100);
}

/** Standard error of a process as it comes. */
function listen({ ndr }: LiveProcess): { text(): string; lines(): Record<string, unknown>[] } {
  let text = '';
  ndr.process.stderr!.on('data', (said) => {
    text += String(said);
  });
  const lines = () =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { text: () => text, lines };
}

async function addressOf(said: ReturnType<typeof listen>): Promise<string> {
  const find = (): string | undefined => /http:\/\/[\d.]+:\d+(?=\/metrics)/.exec(said.text())?.[0];
  await until(() => find() !== undefined);
  return find()!;
}

describe('events', () => {
  const sinks = (bridge: string, brokers: string) => ({
    NDR_EVENTS_EVENTBRIDGE_BUS: 'ndr',
    NDR_EVENTBRIDGE_ENDPOINT: bridge,
    NDR_EVENTS_KAFKA_BROKERS: brokers,
  });

  it('tell both sinks of exactly what was committed, and of what failed', async () => {
    const bridge = await eventBridge();
    const broker = await kafka();
    const process = lab.serve(sinks(bridge.endpoint, broker.address));
    for (const miniBatch of [A, B]) await lab.deliver(miniBatch);
    await lab.deliver({ ...C, lines: Array.from({ length: 150 }, (_, n) => `noise ${n}`) });
    await lab.settled(2, [process]);
    expect((await process.stop()).code).toBe(0);
    expect(committedIn(toldBy(bridge))).toEqual([A.id, B.id]);
    expect(idsOf(heardBy(broker))).toEqual(idsOf(toldBy(bridge)));
    const failures = toldBy(bridge).filter(({ event_type: type }) => type === 'BatchFailed');
    expect(failures.map(({ mini_batch_id: id }) => id)).toEqual([C.id]);
  });

  it('are told again, with the same id, where a process was killed between commit and event', async () => {
    const bridge = await eventBridge();
    const broker = await kafka();
    const silent = await silentServer();
    const killed = lab.serve(sinks(`http://${silent}`, broker.address));
    await lab.deliver(A);
    await until(() => broker.arrived(TOPIC).length > 0);
    await killed.stop('SIGKILL');
    expect(lab.sqs.queue('ndr').messages).toHaveLength(1);
    const [first] = heardBy(broker);
    lab.sqs.advance(11_000);
    const next = lab.serve(sinks(bridge.endpoint, broker.address));
    await lab.settled(1, [next]);
    await next.stop();
    expect(next.results).toEqual([]);
    expect(idsOf(toldBy(bridge))).toEqual([first?.event_id]);
    expect(idsOf(heardBy(broker))).toEqual([first?.event_id]);
  });

  it('keep no message for a sink that is silent', async () => {
    const silent = await silentServer();
    const bridge = await eventBridge();
    const process = lab.serve({ ...sinks(bridge.endpoint, silent), NDR_HTTP_PORT: '0', NDR_LOG_LEVEL: 'info' });
    const said = listen(process);
    await lab.deliver(A);
    await lab.settled(1, [process]);
    const page = readExposition(await (await fetch(`${await addressOf(said)}/metrics`)).text());
    expect(sampleOf(page, 'ndr_events_total', { sink: 'kafka', outcome: 'failed' })).toBe(1);
    expect(sampleOf(page, 'ndr_events_total', { sink: 'eventbridge', outcome: 'sent' })).toBe(1);
    await process.stop();
    expect(said.lines()).toContainEqual(
      expect.objectContaining({ level: 'warn', msg: expect.stringMatching(/^events: Kafka: tell topic ndr-events/) }),
    );
  });
});

describe('health, metrics and log', () => {
  it('say what was done, and that it is ready, until it is told to stop', async () => {
    const process = lab.serve({ NDR_HTTP_PORT: '0', NDR_LOG_LEVEL: 'info', NDR_THREADS: '2' });
    const said = listen(process);
    const address = await addressOf(said);
    const asked = async (path: string) => fetch(`${address}${path}`);
    await until(async () => (await asked('/readyz')).status === 200);
    expect(await (await asked('/readyz')).json()).toEqual({
      status: 'ready',
      checks: ['pump', 'source', 'disk', 's3', 'dynamodb'].map((name) => ({ name, ok: true, why: expect.any(String) })),
    });
    expect((await asked('/livez')).status).toBe(200);
    for (const miniBatch of [A, B]) await lab.deliver(miniBatch);
    await lab.settled(2, [process]);

    const page = readExposition(await (await asked('/metrics')).text());
    const value = (name: string, labels: Record<string, string> = {}) => sampleOf(page, name, labels);
    expect(value('ndr_mini_batches_total', { ...STREAM, outcome: 'committed' })).toBe(2);
    expect(value('ndr_lines_total', STREAM)).toBe(A.lines.length + B.lines.length);
    expect(value('ndr_newest_slice_end_timestamp_seconds', STREAM)).toBe(B.sliceEnd / 1000);
    expect(value('ndr_notification_to_commit_seconds_count', STREAM)).toBe(2);
    expect(value('ndr_mini_batch_duration_seconds_count', STREAM)).toBe(2);
    for (const stage of ['plan', 'lookback', 'read', 'advance', 'emit', 'publish'])
      expect(value('ndr_stage_duration_seconds_count', { stage }), stage).toBeGreaterThanOrEqual(2);
    expect(value('ndr_files_written_total', STREAM)).toBeGreaterThan(0);
    expect(value('ndr_bytes_written_total', STREAM)).toBeGreaterThan(0);
    expect(value('ndr_raw_bytes_total', STREAM)).toBeGreaterThan(0);
    expect(value('ndr_messages_received_total')).toBe(2);
    expect(value('ndr_messages_deleted_total')).toBe(2);
    expect(value('ndr_reconciler_runs_total', { outcome: 'done' })).toBeGreaterThan(0);
    // Threads write the blocks.
    expect(value('ndr_window_state_writes_total', { place: 'folder', outcome: 'stored' })).toBeGreaterThan(0);
    expect(value('ndr_build_info', { version: '0.1.0', node_version: globalThis.process.version })).toBe(1);
    expect(value('ndr_recordings_refused_total')).toBe(0);
    expect(value('ndr_draining')).toBe(0);

    expect((await process.stop()).code).toBe(0);
    const lines = said.lines();
    expect(lines.filter(({ msg }) => msg === 'mini-batch committed')).toEqual(
      [A, B].map(({ id }) =>
        expect.objectContaining({
          level: 'info',
          ...STREAM,
          mini_batch_id: id,
          revision: 1,
          instance: expect.any(String),
        }),
      ),
    );
    expect(lines.at(-1)).toMatchObject({ level: 'info', msg: 'stopped' });
  });
});

describe('told to stop', () => {
  it('ends after serve.drain_seconds although S3 does not answer, and gives its message back', async () => {
    const process = lab.serve({ NDR_SERVE_DRAIN_SECONDS: '1' });
    const said = listen(process);
    lab.s3.setFaults({ rules: [{ fault: { is: 'delayed', ms: 600_000 }, keyHolds: 'lake/' }] });
    await lab.deliver(A);
    // It has begun: others see it planned.
    await until(async () => (await lab.index.planned('default', 'v1', 0, Number.POSITIVE_INFINITY)).length > 0);
    process.ndr.process.kill('SIGTERM');
    const { code } = await endWithin(process.ndr, 30_000);
    expect(code).toBe(1);
    expect(said.text()).toContain('did not end within serve.drain_seconds (1)');
    expect(process.results).toEqual([]);
    // Visible again, though its invisibility would go on.
    lab.s3.setFaults({ rules: [] });
    const next = lab.serve();
    await lab.settled(1, [next]);
    expect((await next.stop()).code).toBe(0);
  });

  it('does not wait for a folder that is listed for minutes', async () => {
    lab.s3.setFaults({ rules: [{ fault: { is: 'delayed', ms: 600_000 } }] });
    const process = lab.serve({ NDR_SERVE_DRAIN_SECONDS: '600' });
    await until(() => (lab.sqs.calls.get('ReceiveMessage') ?? 0) > 1);
    process.ndr.process.kill('SIGTERM');
    expect((await endWithin(process.ndr, 30_000)).code).toBe(0);
  });
});
