/** A pump in this process, on ports of which a test makes those that matter to it. */

import { createPump, type Pump, type PumpRules } from '../../src/consumers/pump.ts';
import type { PumpObserver, PumpPorts } from '../../src/consumers/pump-ports.ts';
import type { Reprocessing } from '../../src/consumers/reprocessing.ts';
import type { StreamName } from '../../src/consumers/stream-name.ts';
import type { Stream } from '../../src/consumers/take-mini-batch.ts';
import { candidateOf } from '../../src/consumers/take-mini-batch.ts';
import type { BatchIndex } from '../../src/state/batch-index.ts';
import type { RawFiles } from '../../src/state/raw-files.ts';

export const STREAM: StreamName = { project: 'default', version: 'v1' };
const DAY = '2026/03/02';

export const folderNamed = (name: string): string => `logs/${DAY}/${name}`;

/** Folders as a search comes upon them. */
export const found = (names: readonly string[]): Awaited<ReturnType<PumpPorts['search']>> => ({
  streams: [STREAM],
  folders: names.map((name) => {
    const path = folderNamed(name);
    return { stream: STREAM, path, folder: candidateOf(path).folder };
  }),
  faults: [],
});

export const NO_REPROCESSING: Reprocessing = {
  refresh: async () => {},
  add() {},
  waiting: () => 0,
  takeNext: async () => undefined,
};

/** A stream of which only what is given is there. */
export const streamOn = (
  rawFiles: Partial<RawFiles>,
  index: Partial<BatchIndex> = {},
  sliceRules: Partial<Stream['sliceRules']> = {},
  project = STREAM.project,
): Stream =>
  ({
    deps: {
      rawFiles,
      index: { planned: async () => [], ...index },
      clock: Date.now,
      watch: { timed: (_: unknown, work: () => Promise<unknown>) => work() },
    },
    spec: { project, featureSpecVersion: STREAM.version },
    sliceRules: { sliceTime: 'last_modified', idPattern: null, floorMinutes: [8, 23, 38, 53], ...sliceRules },
  }) as unknown as Stream;

const NEVER = Number.MAX_SAFE_INTEGER;
const RULES: PumpRules = {
  pollMs: 5,
  searchMs: NEVER,
  recheckMs: NEVER,
  marker: null,
  settleMs: 0,
  maxWaitMs: 600_000,
  orderWaitMs: 0,
  mostBytes: NEVER,
  mostAtOnce: 10,
  refreshMs: NEVER,
  sweepMs: NEVER,
  recentMs: NEVER,
  drainMs: 1000,
  visibilitySeconds: 30,
};

export interface PumpAlone {
  readonly pump: Pump;
  readonly stop: AbortController;
  readonly turns: () => number;
  readonly warnings: readonly string[];
  /** Stops it. */
  end(): Promise<void>;
}

export function runPump(ports: Partial<PumpPorts>, rules: Partial<PumpRules> = {}): PumpAlone {
  let turns = 0;
  const warnings: string[] = [];
  const observer: PumpObserver = {
    turned() {
      turns++;
    },
    warn: (text) => warnings.push(text),
    draining() {},
    taken() {},
    forced() {},
    searched() {},
    heldBack() {},
    refused() {},
  };
  const all: PumpPorts = {
    rawFiles: {} as RawFiles,
    queue: null,
    route: async () => ({ is: 'disabled' }),
    search: async () => found([]),
    open: async () => streamOn({}),
    reprocessing: () => NO_REPROCESSING,
    announce: async () => {},
    quarantine: async () => {},
    sweep: async () => {},
    clock: Date.now,
    random: () => 0.5,
    ...ports,
  };
  const pump = createPump(all, { ...RULES, ...rules }, observer);
  const stop = new AbortController();
  const run = pump.run(stop.signal);
  return {
    ...{ pump, stop, warnings },
    turns: () => turns,
    async end() {
      stop.abort();
      await run;
    },
  };
}
