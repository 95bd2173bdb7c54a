import { BEHAVIOUR_FAMILIES, BEHAVIOUR_INPUTS, type BehaviourFamily } from '../../src/operators/deviation-metrics.ts';
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
}

export const AS_SPECIFIED: Variant = { name: 'as specified', horizon: 'longest', keeps: () => true };

/** As the lake writes it in a path. */
const FIRST_REF = encodeURIComponent(iso(DAYS.week.start).replace('.000', ''));

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
];

const isBehaviour = (column: string): boolean => /^bs?_/.test(column);

/** SQL of each family's score; `lake` is the project's folder. */
export function scoresOf({ keeps, rules }: Variant, lake: string): string[] {
  const own = rules?.(lake) ?? {};
  return ALERT_FAMILIES.map((family, place) => {
    const columns = FAMILY_COLUMNS[place]!.filter((column) => !isBehaviour(column) || keeps(column));
    return own[family] ?? (columns.length === 1 ? columns[0]! : `greatest(${columns.join(', ')})`);
  });
}
