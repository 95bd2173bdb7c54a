import type { BatchIndex } from '../state/batch-index.ts';
import type { Lake } from '../state/lake.ts';
import { readManifest } from '../state/manifest.ts';
import { eventSinks } from './event-sinks.ts';
import { batchCommitted, batchFailed, type Events, type StreamEvent } from './events.ts';
import type { LabelsOf, Meter } from './meter.ts';
import type { StreamName } from './stream-name.ts';
import type { Taken } from './take-mini-batch.ts';

export type SinkName = LabelsOf<'ndr_events_total'>['sink'];
/** The sinks that there are. */
export type Sinks = Readonly<Partial<Record<SinkName, Events>>>;

/** Tells every sink of what was done; it never throws, and ends within 15 seconds. */
export interface Announcer {
  tell(events: readonly StreamEvent[]): Promise<void>;
  /** Tells what became of a mini-batch, as the index has it now. */
  tellTaken(stream: StreamName, taken: Taken, from: { readonly index: BatchIndex; readonly lake: Lake }): Promise<void>;
}

/** A message is kept as long: one sink that is silent must not keep it for ever. */
const MOST_MS = 15_000;

export function openAnnouncer(sinks: Sinks, meter: Meter, warn: (text: string) => void): Announcer {
  const named = Object.entries(sinks) as [SinkName, Events][];
  const failed = (sink: SinkName, times: number, why: string): void => {
    meter.count('ndr_events_total', { sink, outcome: 'failed' }, times);
    warn(`events: ${why}; what was done stands in the batch index`);
  };
  const tellOne = async ([sink, events]: [SinkName, Events], all: readonly StreamEvent[]): Promise<void> => {
    const faults = await eventSinks([events]).publish(all);
    meter.count('ndr_events_total', { sink, outcome: 'sent' }, all.length - faults.length);
    for (const { why } of faults) failed(sink, 1, why);
  };
  const tell = async (all: readonly StreamEvent[], ms: number): Promise<void> => {
    await Promise.all(
      named.map((one) =>
        within(ms, tellOne(one, all)).catch((error: unknown) => failed(one[0], all.length, `${one[0]}: ${error}`)),
      ),
    );
  };
  return {
    tell: (all) => tell(all, MOST_MS),
    async tellTaken(stream, taken, from) {
      if (named.length === 0) return;
      const begun = performance.now();
      try {
        const event = await within(MOST_MS / 2, eventOf(stream, taken, from));
        if (event !== undefined) await tell([event], MOST_MS - (performance.now() - begun));
      } catch (error) {
        for (const [sink] of named) failed(sink, 1, `${taken.miniBatchId}: what to tell cannot be read: ${error}`);
      }
    },
  };
}

/** An event made from what is committed is the same whoever makes it, and when. */
async function eventOf(
  { project, version }: StreamName,
  taken: Taken,
  { index, lake }: { readonly index: BatchIndex; readonly lake: Lake },
): Promise<StreamEvent | undefined> {
  const { miniBatchId } = taken;
  if (taken.is === 'error') return undefined;
  if (taken.is === 'poison') {
    const slice = await index.settledSlice(project, miniBatchId);
    return batchFailed({ project, version, miniBatchId, sliceEnd: slice?.sliceEnd ?? null, why: taken.why });
  }
  const ref = (await index.batch(project, version, miniBatchId))?.manifest ?? null;
  return ref === null ? undefined : batchCommitted(await readManifest(lake, ref), ref);
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${Math.round(ms / 1000)} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
