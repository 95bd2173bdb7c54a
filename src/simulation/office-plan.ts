import { createDiceStream, type DiceStream } from './dice-stream.ts';
import { DNS, type Habit, KERBEROS, LDAP, POLICY, PROXIED_WEB, WEB, WORKSTATION_HABITS } from './habits.ts';
import { type OfficeNetwork, officeNetwork, WEB_SITES } from './office-network.ts';
import { createKindBook, type KindBook } from './record-kinds.ts';
import { type PreparedShape, prepareShape } from './session-maker.ts';
import { type Timer, WORKSTATION_TIMERS } from './timers.ts';

/** What looks odd and is harmless. Each can be left out. */
export const NUISANCES = {
  antivirus: 'antivirus agents that report every five minutes, to the millisecond',
  backup: 'servers that copy themselves to the backup server every night, whole on Saturdays',
  patch_day: 'updates for everybody on the second Tuesday of the month',
  scanner: "the office's own scanner, which looks at every machine on Tuesday and Thursday evenings",
  new_servers: 'one application server in five is set up anew every quarter, under another address',
  desktops: 'virtual desktops: another person every day, all started anew at five in the morning',
  leases: 'laptops whose addresses change from day to day',
} as const;
export type Nuisance = keyof typeof NUISANCES;

/** Everything about the office that does not change from slice to slice. */
export interface OfficePlan {
  readonly seed: number;
  readonly network: OfficeNetwork;
  readonly book: KindBook;
  readonly nuisances: ReadonlySet<Nuisance>;
  readonly daysOff: ReadonlySet<number>;
  /** The whole simulation, milliseconds UTC. */
  readonly start: number;
  readonly end: number;
  readonly internetScanners: number;
  readonly habits: readonly (PreparedShape & Habit)[];
  readonly timers: readonly (PreparedShape & Timer)[];
  readonly shapes: {
    readonly web: PreparedShape;
    readonly proxied: PreparedShape;
    readonly dns: PreparedShape;
    readonly kerberos: PreparedShape;
    readonly ldap: PreparedShape;
    readonly policy: PreparedShape;
  };
  /** Rank of a web site by a whole number of 0 .. 65,535: Zipf's law. */
  readonly sites: Uint16Array;
  /** Shared by all who draw one after the other; each reseeds it. */
  readonly dice: DiceStream;
}

export interface PlanOptions {
  readonly seed: number;
  readonly workstations: number;
  readonly start: number;
  readonly end: number;
  readonly nuisances: ReadonlySet<Nuisance>;
  readonly daysOff: ReadonlySet<number>;
  readonly internetScanners: number;
}

export function planOffice(options: PlanOptions): OfficePlan {
  const { workstations, ...rest } = options;
  // The generator takes 32 bits; what is beyond them must not be lost.
  const seed = Math.imul(options.seed % 2 ** 32, 0x9e3779b1) ^ Math.floor(options.seed / 2 ** 32);
  const book = createKindBook();
  const prepared = <S extends Parameters<typeof prepareShape>[0]>(shape: S) => ({
    ...shape,
    ...prepareShape(shape, book),
  });
  return {
    ...rest,
    seed,
    network: officeNetwork(seed, workstations),
    book,
    habits: WORKSTATION_HABITS.map(prepared),
    timers: WORKSTATION_TIMERS.map(prepared),
    shapes: {
      web: prepared(WEB),
      proxied: prepared(PROXIED_WEB),
      dns: prepared(DNS),
      kerberos: prepared(KERBEROS),
      ldap: prepared(LDAP),
      policy: prepared(POLICY),
    },
    sites: zipf(WEB_SITES),
    dice: createDiceStream(),
  };
}

const STEPS = 65_536;

/** Rank by 65,536 equal steps of chance; the chance of rank r is proportional to 1 / (r + 3). */
function zipf(ranks: number): Uint16Array {
  let total = 0;
  for (let rank = 0; rank < ranks; rank++) total += 1 / (rank + 3);
  const table = new Uint16Array(STEPS);
  let rank = 0;
  let reached = 1 / 3 / total;
  for (let step = 0; step < STEPS; step++) {
    while (rank < ranks - 1 && reached * STEPS <= step) reached += 1 / (++rank + 3) / total;
    table[step] = rank;
  }
  return table;
}
