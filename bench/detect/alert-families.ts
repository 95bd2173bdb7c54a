import {
  BEHAVIOUR_FAMILIES,
  BEHAVIOUR_INPUTS,
  type BehaviourFamily,
  DEFAULT_DEVIATION_OPTIONS,
} from '../../src/operators/deviation-metrics.ts';
import { DAYS, iso } from './timeline.ts';

/** Families that have a rule of their own, and its column. */
const RULE_SCORES = {
  beacon: 'beacon_suspicion_score',
  strobe: 'strobe_score',
  exfiltration: 'exfiltration_suspicion_score',
  lateral: 'lateral_movement_score',
} as const;
type RuleFamily = keyof typeof RULE_SCORES;

/** What alerts are about: the rules, and the families of behaviours. */
export type AlertFamily = RuleFamily | BehaviourFamily;

const RULE_FAMILIES = Object.keys(RULE_SCORES) as readonly RuleFamily[];
export const ALERT_FAMILIES: readonly AlertFamily[] = [...RULE_FAMILIES, ...BEHAVIOUR_FAMILIES];

/** The columns of each family, of which the largest is its score: the rule's, or its behaviours by host and by segment. */
export const FAMILY_COLUMNS: readonly (readonly string[])[] = [
  ...RULE_FAMILIES.map((family) => [RULE_SCORES[family]]),
  ...BEHAVIOUR_FAMILIES.map((family) =>
    BEHAVIOUR_INPUTS.filter((input) => input.family === family).flatMap(({ metric }) => [
      `b_${metric}`,
      `bs_${metric}`,
    ]),
  ),
];

/** Which scores alerts are made from. */
export interface Variant {
  readonly name: string;
  /** `longest`: of the 30-day baseline, of the 7-day one where there was no other yet. */
  readonly horizon: 'longest' | '7d';
  /** Which behaviours count; rules always do. */
  readonly keeps: (behaviour: string) => boolean;
  /** SQL in place of rules' columns, by the project's folder in the lake. */
  readonly rules?: (lake: string) => Partial<Record<AlertFamily, string>>;
  /** Rules also read `evidence`, of young pairs. */
  readonly readsPairs?: true;
  /**
   * Where the hour holds a degraded slice no row alerts, and where the day does behaviours of a day and strobes do not: a slice
   * that was caught up counts in the windows behind it beside their own hours.
   */
  readonly settles?: true;
  /** Scores below are no reason to call anybody, however rare they are. */
  readonly floors?: Partial<Record<AlertFamily, number>>;
}

export const AS_SPECIFIED: Variant = { name: 'as specified', horizon: 'longest', keeps: () => true };

/** As the lake writes it in a path. */
const FIRST_REF = encodeURIComponent(iso(DAYS.week.start).replace('.000', ''));

const OF_ALL = { horizon: 'longest', keeps: () => true } as const;

/** Rules of pairs, asked only of pairs that are less than a week old (pair-evidence.ts). */
const YOUNG_PAIRS: Partial<Record<AlertFamily, string>> = {
  beacon: 'coalesce(evidence.beacon, 0)',
  exfiltration: 'coalesce(evidence.exfiltration, 0)',
  strobe: 'coalesce(evidence.strobe, 0)',
};

/** A behaviour counts from z_max on, what the contract calls extreme; lateral movement, of three, from half of it. */
const Z_MAX = DEFAULT_DEVIATION_OPTIONS.zMax;
const FLOORS: Partial<Record<AlertFamily, number>> = {
  ...Object.fromEntries(BEHAVIOUR_FAMILIES.map((family) => [family, Z_MAX])),
  lateral: Z_MAX / 2,
  // Above all that a peer can reach which others have known for a week.
  beacon: 0.5,
  // 32 MB to a peer that is new to all, 1 GB to one that is new to the host.
  exfiltration: 1.5,
  // Every four minutes.
  strobe: 0.004,
};

/** What else could have been: for comparison, never for choice. */
export const VARIANTS: readonly Variant[] = [
  { name: '7-day baselines', horizon: '7d', keeps: () => true },
  { name: "the host's own baseline only", horizon: 'longest', keeps: (behaviour) => behaviour.startsWith('b_') },
  { name: "the segment's baseline only", horizon: 'longest', keeps: (behaviour) => behaviour.startsWith('bs_') },
  { name: 'windows of an hour only', horizon: 'longest', keeps: (behaviour) => behaviour.endsWith('_w_1h') },
  { name: 'windows of a day only', horizon: 'longest', keeps: (behaviour) => behaviour.endsWith('_w_24h') },
  {
    name: 'exfiltration only beside a peer that is new to the project',
    horizon: 'longest',
    keeps: () => true,
    rules: () => ({
      exfiltration: 'CASE WHEN b_new_to_project_peer_cnt_w_1h > 0 THEN exfiltration_suspicion_score ELSE 0 END',
    }),
  },
  {
    // Of the best pair only: where a habit hides a beacon of the same host, this cannot bring it up.
    name: 'beacons times 0.3 where the host had the pair in the first 30-day baseline',
    horizon: 'longest',
    keeps: () => true,
    rules: (lake) => ({
      beacon:
        'beacon_suspicion_score * CASE WHEN (host_ip, beacon_peer, beacon_port) IN (SELECT (host_ip, dst_ip, coalesce(dst_port, 0)) ' +
        `FROM read_parquet('${lake}/fg_b/pair/host/*/baseline_horizon=30d/*/ref=${FIRST_REF}/*.parquet', hive_partitioning = false)) ` +
        'THEN 0.3 ELSE 1 END',
    }),
  },
  { name: 'proposed: rules of pairs look at young ones', ...OF_ALL, readsPairs: true, rules: () => YOUNG_PAIRS },
  { name: 'proposed: silent while windows hold what was caught up', ...OF_ALL, settles: true },
  // Put together after the rows around it had been seen for seed 67: there it is no judgement.
  { name: 'proposed: both', ...OF_ALL, readsPairs: true, rules: () => YOUNG_PAIRS, settles: true },
  {
    name: 'proposed: both, and a floor under every family',
    ...OF_ALL,
    ...{ readsPairs: true, rules: () => YOUNG_PAIRS, settles: true, floors: FLOORS },
  },
];

const isBehaviour = (column: string): boolean => /^bs?_/.test(column);

/** SQL of each family's score; `lake` is the project's folder. */
export function scoresOf({ keeps, rules, floors }: Variant, lake: string): string[] {
  const own = rules?.(lake) ?? {};
  return ALERT_FAMILIES.map((family, place) => {
    const columns = FAMILY_COLUMNS[place]!.filter((column) => !isBehaviour(column) || keeps(column));
    const score = own[family] ?? (columns.length === 1 ? columns[0]! : `greatest(${columns.join(', ')})`);
    const floor = floors?.[family];
    return floor === undefined ? score : `CASE WHEN ${score} >= ${floor} THEN ${score} ELSE 0 END`;
  });
}

/** What is left of a variant where the day holds a degraded slice. */
export const withoutDays = (variant: Variant): Variant => ({
  ...variant,
  keeps: (behaviour) => !behaviour.endsWith('_w_24h') && variant.keeps(behaviour),
  rules: (lake) => ({ strobe: '0', ...variant.rules?.(lake) }),
});
