import { getEventListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Message, NotificationQueue } from '../../src/consumers/notification-queue.ts';
import type { PumpPorts } from '../../src/consumers/pump-ports.ts';
import type { MiniBatchFolder } from '../../src/consumers/settle-slice.ts';
import type { SettledSlice } from '../../src/state/batch-item.ts';
import type { RawFile, RawFiles } from '../../src/state/raw-files.ts';
import { Unavailable } from '../../src/state/unavailable.ts';
import { folderNamed, found, type PumpAlone, runPump, STREAM, streamOn } from '../support/pump-alone.ts';

const names = (count: number): string[] => Array.from({ length: count }, (_, n) => `mb-${String(n).padStart(3, '0')}`);
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await pause(5);
};
const run = (...how: Parameters<typeof runPump>): PumpAlone => {
  const pump = runPump(...how);
  onTestFinished(() => pump.end());
  return pump;
};

const NOON = Date.parse('2026-03-02T12:00:00Z');
const fileIn = (folder: string): RawFile => ({
  ...{ name: 'a', path: `${folder}/a`, size: 1, modifiedMs: NOON, arrivedMs: NOON },
});

/** Counts how many of some calls are under way. */
function counted<T>(work: (folder: string) => Promise<T>) {
  const calls = { all: 0, now: 0, most: 0 };
  return {
    calls,
    async ask(folder: string): Promise<T> {
      calls.all++;
      calls.most = Math.max(calls.most, ++calls.now);
      await pause(5);
      return work(folder).finally(() => calls.now--);
    },
  };
}

describe('a turn of the pump', () => {
  it('asks nothing more of what is found to be away meanwhile', async () => {
    const away = counted(async (): Promise<RawFile[]> => {
      throw new Unavailable('S3', 'ListObjectsV2', new Error('it does not answer'));
    });
    const rawFiles = { list: away.ask } as Partial<RawFiles> as RawFiles;
    const open: PumpPorts['open'] = async () => streamOn(rawFiles);
    const { pump, turns } = run({ rawFiles, open, search: async () => found(names(200)) });
    await until(() => turns() > 2 && away.calls.all > 0);
    expect(pump.state.openBreakers()).toMatchObject([{ system: 'S3' }]);
    expect(away.calls.all).toBeLessThan(20);
  });

  it('dates folders that nothing announced one at a time: each may be read as a whole', async () => {
    const rawFiles = { list: async (folder: string) => [fileIn(folder)], has: async () => false } as Partial<RawFiles>;
    const dating = counted(async (folder) => [fileIn(folder)]);
    const settled: string[] = [];
    const stream = streamOn(
      { ...rawFiles, list: dating.ask },
      {
        settledSlice: async () => undefined,
        settle: async (_, slice) => {
          settled.push(slice.path);
          return { is: 'settled', slice, isNew: true };
        },
        batch: async () => undefined,
      },
    );
    run({
      rawFiles: rawFiles as RawFiles,
      open: async () => stream,
      search: async () => found(names(12)),
    });
    await until(() => settled.length >= 12);
    expect(settled.slice(0, 12)).toEqual(names(12).map(folderNamed));
    expect(dating.calls.most).toBe(1);
  });

  it('does not wait for a queue that does not answer', async () => {
    const message: Message = { id: 'm', receipt: 'r', body: 'nothing of ours', sentAt: null, receiveCount: 1 };
    let isAsked = false;
    const queue: Partial<NotificationQueue> = {
      async receive({ signal }) {
        if (isAsked) await pause(60_000, undefined, { signal: signal! }).catch(() => {});
        return isAsked ? [] : [message];
      },
      deadLetter() {
        isAsked = true;
        return new Promise(() => {});
      },
      extend: async () => [],
      release: async () => [],
    };
    const { turns } = run({
      queue: queue as NotificationQueue,
      search: async () => ({ ...found([]), streams: [STREAM] }),
    });
    await until(() => isAsked);
    const then = turns();
    await until(() => turns() > then + 3);
  });

  it('keeps a message in quarantine that it gives up after errors which nothing outside caused', async () => {
    const rawFiles: Partial<RawFiles> = { list: async (folder) => [fileIn(folder)] };
    const stream = streamOn(rawFiles, {
      settledSlice: async () => {
        throw new Error('a defect');
      },
    });
    const body = JSON.stringify({ s3_key: `s3://raw/${folderNamed('mb')}/a` });
    const messages: Message[] = [{ id: 'm', receipt: 'r', body, sentAt: NOON, receiveCount: 1 }];
    const told: string[] = [];
    const queue: Partial<NotificationQueue> = {
      async receive({ signal }) {
        if (messages.length === 0) await pause(60_000, undefined, { signal: signal! }).catch(() => {});
        return messages.splice(0);
      },
      deadLetter: async ({ id }, cause) => void told.push(`${id} dead-lettered: ${cause}`),
      extend: async () => [],
      release: async () => [],
    };
    const [one] = found(['mb']).folders;
    run({
      queue: queue as NotificationQueue,
      rawFiles: rawFiles as RawFiles,
      open: async () => stream,
      route: async () => ({ is: 'routed', stream: STREAM, folder: one!.folder as MiniBatchFolder }),
      quarantine: async ({ id }, why) => void told.push(`${id} quarantined: ${why}`),
    });
    await until(() => told.length === 2);
    expect(told).toEqual(['m quarantined: failed 5 times: a defect', 'm dead-lettered: failed 5 times: a defect']);
  });

  it('begins few mini-batches at once, and keeps room for the largest though others are always ready', async () => {
    const streams = ['large', 'small', 'tiny'].map((project) => ({ project, version: 'v1' }));
    const running = new Set<string>();
    const begun: string[] = [];
    const faults: string[] = [];
    const sizeOf = (path: string): number => (path.includes('large') ? 100 : 4);
    const open: PumpPorts['open'] = async ({ project }) =>
      streamOn(
        rawFiles,
        {
          settledSlice: async (_, id) => ({ path: folderNamed(id), sliceEnd: NOON }) as SettledSlice,
          // It fails, and is tried again and again.
          async batch() {
            running.add(project);
            begun.push(project);
            if (running.size > 2 || (running.has('large') && running.size > 1)) faults.push([...running].join());
            await pause(project === 'large' ? 1 : 10);
            running.delete(project);
            throw new Error('a defect');
          },
        },
        {},
        project,
      );
    const rawFiles: Partial<RawFiles> = { list: async (folder) => [{ ...fileIn(folder), size: sizeOf(folder) }] };
    const folders = streams.flatMap((stream) =>
      found([1, 2, 3].map((n) => `${stream.project}-${n}`)).folders.map((one) => ({ ...one, stream })),
    );
    run(
      {
        open,
        rawFiles: rawFiles as RawFiles,
        search: async () => ({ streams, folders, faults: [] }),
      },
      { mostBytes: 10, mostAtOnce: 2, recheckMs: 1 },
    );
    await until(() => begun.filter((project) => project === 'large').length > 3);
    expect(faults).toEqual([]);
    expect(new Set(begun)).toEqual(new Set(['large', 'small', 'tiny']));
  });

  it('leaves nothing behind at the signal that ends the pump', async () => {
    const { turns, stop } = run({});
    await until(() => turns() > 3);
    const listeners = getEventListeners(stop.signal, 'abort').length;
    await until(() => turns() > 50);
    expect(getEventListeners(stop.signal, 'abort').length).toBeLessThanOrEqual(listeners + 1);
  });
});
