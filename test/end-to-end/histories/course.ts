/** A project while its history goes on: what was delivered, what is committed, and what each mini-batch knew of the others. */

import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { backfill } from '../../../src/commands/backfill.ts';
import type { Command } from '../../../src/commands/command.ts';
import { rebuildIndex } from '../../../src/commands/rebuild-index.ts';
import { replay } from '../../../src/commands/replay.ts';
import { retain } from '../../../src/commands/retain.ts';
import { runBatch } from '../../../src/commands/run-batch.ts';
import type { OracleMiniBatch } from '../../oracle/oracle.ts';
import { runCommand, writeSpecs } from '../../support/command-run.ts';
import { folderOf, ID_PATTERN } from '../../support/mini-batch-folders.ts';
import { count, type Known, type OutcomeLine, openLedger, type Tally } from './ledger.ts';
import type { Conditions, Reach } from './operations.ts';
import { type PlannedMiniBatch, specsOf, type World } from './world.ts';

export interface Course {
  readonly home: string;
  readonly tally: Tally;
  /** What broke while it went on. */
  readonly faults: string[];
  readonly delivered: () => Known;
  readonly committed: () => Known;
  /** Of a committed mini-batch: what was committed when it was computed last, itself included. */
  readonly knownAt: (id: string) => Known;
  /** Delivers the first files of a mini-batch, or further ones. */
  deliver(miniBatch: PlannedMiniBatch, files: number): void;
  /** Files of a mini-batch that are there. */
  filesOf(id: string): number;
  repeat(miniBatch: PlannedMiniBatch, how: 'touched' | 'copied onto itself' | 'compressed anew'): void;
  /** Whether files changed since the mini-batch was committed, without a change of what they hold. */
  hasOtherBytes(id: string): boolean;
  /** Removes raw files for good. */
  forget(miniBatch: PlannedMiniBatch): void;
  /** Returns the ids that were computed, as `replay` does. */
  take(over: Reach, miniBatch: PlannedMiniBatch, conditions: Conditions): Promise<string[]>;
  replay(flags: Readonly<Record<string, string | boolean>>, conditions: Conditions): Promise<string[]>;
  /** Announces a mini-batch, anew or for the first time, so many minutes after the end of a slice. */
  settle(miniBatch: PlannedMiniBatch, sliceEnd: number, minutes: number, conditions: Conditions): Promise<void>;
  loseIndex(conditions: Conditions): Promise<void>;
  sweep(conditions: Conditions): Promise<void>;
}

const MINUTE = 60_000;

export function openCourse(home: string, raw: string, { parameters }: Pick<World, 'parameters'>): Course {
  const tally: Tally = new Map();
  const faults: string[] = [];
  const files = new Map<string, number>();
  const delivered = new Map<string, OracleMiniBatch>();
  const ledger = openLedger(tally, faults);
  /** Changes of raw files so far, and at the last commit. */
  const changes = new Map<string, number>();
  const changesAt = new Map<string, number>();
  const change = (id: string): void => void changes.set(id, (changes.get(id) ?? 0) + 1);
  const slices = new Map<string, Pick<OracleMiniBatch, 'sliceEnd' | 'batchEnd'>>();
  writeSpecs(home, specsOf(parameters));

  const run = async (
    name: string,
    command: Command,
    flags: Readonly<Record<string, string | boolean>>,
    { shards, threads, reprocess, lateHours }: Conditions,
  ): Promise<readonly OutcomeLine[]> => {
    const settings = {
      NDR_INPUT_ID_PATTERN: ID_PATTERN,
      NDR_SHARDS: `${shards}`,
      NDR_THREADS: `${threads}`,
      NDR_ORDER_REPROCESS_AFFECTED: `${reprocess}`,
      NDR_STATE_LATE_HOURS: `${lateHours}`,
      NDR_LAKE_GC_GRACE_SECONDS: '0',
    };
    count(tally, `run: ${name}, shards ${shards}, threads ${threads}`);
    const end = await runCommand(command, { home, flags, settings });
    const outcomes = end.results.filter((line) => typeof line['outcome'] === 'string') as unknown as OutcomeLine[];
    const isFailed = outcomes.some(({ outcome }) => outcome === 'poison');
    if (end.code !== Number(isFailed))
      faults.push(`${name} ${JSON.stringify(flags)} ended with ${end.code}: ${JSON.stringify(end)}`);
    return outcomes;
  };

  const follow = (name: string, lines: readonly OutcomeLine[], conditions: Conditions): string[] => {
    for (const { outcome, mini_batch_id: id } of lines)
      if (outcome === 'committed') changesAt.set(id, changes.get(id)!);
    return ledger.follow(name, lines, delivered, conditions);
  };

  const folder = (miniBatch: PlannedMiniBatch): string =>
    folderOf(raw, { id: miniBatch.id, sliceEnd: miniBatch.batchEnd });
  const pathOf = (miniBatch: PlannedMiniBatch, file: number): string => join(folder(miniBatch), `part-${file}.json.gz`);

  return {
    home,
    tally,
    faults,
    delivered: () => delivered,
    committed: ledger.committed,
    knownAt: ledger.knownAt,
    filesOf: (id) => files.get(id) ?? 0,
    deliver(miniBatch, upTo) {
      const { id, files: all } = miniBatch;
      const { sliceEnd, batchEnd } = slices.get(id) ?? miniBatch;
      mkdirSync(folder(miniBatch), { recursive: true });
      const there = files.get(id) ?? 0;
      for (const [n, lines] of all.slice(there, upTo).entries()) {
        writeFileSync(pathOf(miniBatch, there + n), gzipSync(lines.map((line) => `${line}\n`).join('')));
      }
      change(id);
      const present = Math.max(there, Math.min(upTo, all.length));
      files.set(id, present);
      delivered.set(id, { id, sliceEnd, batchEnd, lines: all.slice(0, present).flat() });
    },
    repeat(miniBatch, how) {
      if (how === 'compressed anew') change(miniBatch.id);
      for (let n = 0; n < files.get(miniBatch.id)!; n++) {
        const path = pathOf(miniBatch, n);
        const bytes = readFileSync(path);
        if (how === 'touched') utimesSync(path, new Date(), new Date());
        else writeFileSync(path, how === 'copied onto itself' ? bytes : gzipSync(gunzipSync(bytes), { level: 0 }));
      }
    },
    hasOtherBytes: (id) => changes.get(id) !== changesAt.get(id),
    forget: (miniBatch) => rmSync(folder(miniBatch), { recursive: true }),
    async take(over, miniBatch, conditions) {
      if (over === 'folder') {
        return follow(
          'run-batch',
          await run('run-batch', runBatch, { input: folder(miniBatch) }, conditions),
          conditions,
        );
      }
      const { sliceEnd } = delivered.get(miniBatch.id) ?? miniBatch;
      const range = { from: instant(sliceEnd), to: instant(sliceEnd + 1000) };
      const flags = { input: raw, ...(over === 'slice' ? range : {}) };
      return follow('backfill', await run('backfill', backfill, flags, conditions), conditions);
    },
    replay: async (flags, conditions) => follow('replay', await run('replay', replay, flags, conditions), conditions),
    async settle(miniBatch, sliceEnd, minutes, conditions) {
      const { id } = miniBatch;
      const slice = { sliceEnd, batchEnd: sliceEnd + minutes * MINUTE };
      slices.set(id, slice);
      delivered.set(id, { ...delivered.get(id)!, ...slice });
      change(id);
      const flags = { input: folder(miniBatch), at: instant(slice.batchEnd) };
      follow('run-batch', await run('run-batch --at', runBatch, flags, conditions), conditions);
    },
    async loseIndex(conditions) {
      rmSync(join(home, 'state', 'items'), { recursive: true, force: true });
      const restored = await run('rebuild-index', rebuildIndex, {}, conditions);
      for (const { outcome } of restored) if (outcome !== 'restored') faults.push(`rebuild-index: ${outcome}`);
    },
    async sweep(conditions) {
      await run('retain', retain, {}, conditions);
    },
  };
}

export const instant = (ms: number): string => new Date(ms).toISOString();
