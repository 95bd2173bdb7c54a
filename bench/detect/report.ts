import { table } from '../../scripts/prove/evidence.ts';
import { ALERT_FAMILIES } from './alert-families.ts';
import type { BudgetResult, Evaluation } from './evaluation.ts';
import { type Estimate, median } from './intervals.ts';
import type { Timings } from './office-run.ts';
import type { Tracks } from './score-reader.ts';
import { DAYS, dateOf, HOLIDAYS, midnights } from './timeline.ts';

const RECALL_BAR = 0.9;
const BAR_BUDGET = 20;
const CALM_BAR = 5;

export interface Played {
  readonly seed: number;
  readonly hosts: number;
  readonly attacks: number;
  readonly read: Tracks;
  readonly timings: Timings;
}

const decimals = (value: number, digits: number): string => (Number.isNaN(value) ? '–' : value.toFixed(digits));
const estimate = ({ value, low, high }: Estimate, digits: number): string =>
  `${decimals(value, digits)} (${decimals(low, digits)}–${decimals(high, digits)})`;
const minutes = (value: number): string =>
  Number.isNaN(value) ? '–' : value < 120 ? `${value.toFixed(0)} min` : `${(value / 60).toFixed(1)} h`;
const minutesOf = ({ value, low, high }: Estimate): string =>
  Number.isNaN(value) ? '–' : `${minutes(value)} (${minutes(low)}–${minutes(high)})`;

/** The measured part of the page. */
export function reportLines(played: Played, evaluation: Evaluation): string[] {
  const { seed, hosts, attacks, read, timings } = played;
  const { budgets, precision, usualDays } = evaluation;
  const used = Object.entries(read.horizons).map(([horizon, rows]) => `${rows.toLocaleString('en-US')} at ${horizon}`);
  return [
    '## The office',
    '',
    `Office seed ${seed}, ${hosts} workstations, ${attacks} attacks; ${read.rows.toLocaleString('en-US')} scored rows of the attacked days and the week ` +
      `before (baselines: ${used.join(', ')}), ${read.degraded.toLocaleString('en-US')} of them degraded and never alerted. Limits from ${usualDays.toFixed(2)} days.`,
    '',
    ...verdict(budgets),
    '',
    '## Recall and time to detect',
    '',
    ...table(
      ['attack', 'attacks', ...budgets.map(({ perDay }) => `recall at ${perDay} a day`)],
      (budgets[0]?.recall ?? []).map(({ attack, attacks: of }, i) => [
        attack,
        of,
        ...budgets.map(({ recall }) => estimate(recall[i]!.recall, 2)),
      ]),
    ),
    '',
    'Median time from the first session of an attack to its alert, of those found:',
    '',
    ...table(
      ['attack', ...budgets.map(({ perDay }) => `at ${perDay} a day`)],
      (budgets[0]?.recall ?? []).map(({ attack }, i) => [
        attack,
        ...budgets.map(({ recall }) => minutesOf(recall[i]!.minutes)),
      ]),
    ),
    '',
    'Found by an alert of *any* family on the host, and (after the stroke) found by luck: alerts of the naming families in the same hours of',
    'the same hosts where the attack was left out.',
    '',
    ...table(
      ['attack', ...budgets.map(({ perDay }) => `at ${perDay} a day`)],
      (budgets[0]?.recall ?? []).map(({ attack }, i) => [
        attack,
        ...budgets.map(({ recall }) => {
          const { any, luck } = recall[i]!;
          return `${decimals(any.value, 2)} / ${luck === null ? '–' : decimals(luck, 2)}`;
        }),
      ]),
    ),
    '',
    '## Alerts on days without attacks',
    '',
    ...table(
      [
        'limits fixed for',
        'in the week',
        'calm day: mean',
        'calm day: least, most',
        'attacked day, not explained by an attack',
      ],
      budgets.map(({ perDay, thresholds, calmPerDay, calm, unexplained }) => [
        `${perDay} a day`,
        `${(thresholds.alerts.reduce((a, b) => a + b, 0) / usualDays).toFixed(1)} a day`,
        calmPerDay === null ? '–' : estimate(calmPerDay, 1),
        calm === null ? '–' : `${Math.min(...calm)}, ${Math.max(...calm)}`,
        estimate(unexplained, 1),
      ]),
    ),
    '',
    ...calmDays(budgets),
    ...families(
      budgets.find(({ perDay }) => perDay === BAR_BUDGET),
      usualDays,
    ),
    '## Ranking of host-days',
    '',
    ...table(
      ['attack', 'attacked host-days', 'average precision'],
      precision.map(({ attack, hostDays, precision: ap }) => [attack, hostDays, estimate(ap, 3)]),
    ),
    '',
    '## How long it took',
    '',
    ...table(
      ['part', 'seconds'],
      Object.entries(timings).map(([part, seconds]) => [part, Math.round(seconds)]),
    ),
  ];
}

function verdict(budgets: readonly BudgetResult[]): string[] {
  const bar = budgets.find(({ perDay }) => perDay === BAR_BUDGET);
  if (bar === undefined) return [];
  const missed = bar.recall.filter(({ recall }) => !(recall.value >= RECALL_BAR));
  const calm = budgets.filter(({ calmPerDay }) => calmPerDay !== null && calmPerDay.value <= CALM_BAR);
  return [
    `- Recall of at least ${RECALL_BAR} at ${BAR_BUDGET} alerts a day: ` +
      (missed.length === 0
        ? '**met** by every kind.'
        : `**missed** by ${missed.map(({ attack, recall }) => `${attack} (${decimals(recall.value, 2)})`).join('; ')}.`),
    `- At most ${CALM_BAR} alerts on a day without attacks: ` +
      (bar.calmPerDay === null
        ? 'not measured.'
        : `**${bar.calmPerDay.value <= CALM_BAR ? 'met' : 'missed'}** at ${BAR_BUDGET} a day (${decimals(bar.calmPerDay.value, 1)}); ` +
          (calm.length === 0
            ? 'met by none of the limits.'
            : `met by limits for ${calm.map(({ perDay }) => perDay).join(', ')} a day.`)),
  ];
}

/** What is special about live days. */
function occasion(day: number): string {
  const date = dateOf(day);
  const weekday = new Date(day).getUTCDay();
  const scan = weekday === 2 || weekday === 4 ? ['scanner'] : [];
  if ((HOLIDAYS as readonly string[]).includes(date)) return ['holiday', ...scan].join(', ');
  const own: Record<string, string> = { '2026-05-11': 'return', '2026-05-12': 'patch day', '2026-05-13': 'outage' };
  const kind = own[date] ?? (weekday === 0 || weekday === 6 ? 'weekend' : '');
  return [...(kind === '' ? [] : [kind]), ...scan].join(', ');
}

function calmDays(budgets: readonly BudgetResult[]): string[] {
  const played = budgets.flatMap(({ perDay, calm }) => (calm === null ? [] : [{ perDay, calm }]));
  if (played.length === 0) return [];
  const rows = midnights(DAYS.live).map((day, place) => [
    `${new Date(day).toUTCString().slice(0, 3)} ${dateOf(day)}`,
    occasion(day),
    ...played.map(({ calm }) => calm[place]!),
  ]);
  return [...table(['calm day', 'occasion', ...played.map(({ perDay }) => `limits for ${perDay} a day`)], rows), ''];
}

function families(result: BudgetResult | undefined, usualDays: number): string[] {
  if (result === undefined) return [];
  const { thresholds, calmByFamily, perDay } = result;
  const days = midnights(DAYS.live).length;
  return [
    `Limits for ${perDay} a day by family; each had at most ${thresholds.perFamily} alerts in the week:`,
    '',
    ...table(
      ['family', 'limit', 'a day of the week', 'a calm day'],
      ALERT_FAMILIES.map((family, place) => [
        family,
        thresholds.limits[place] === Number.POSITIVE_INFINITY ? 'silent' : thresholds.limits[place]!.toFixed(3),
        (thresholds.alerts[place]! / usualDays).toFixed(2),
        calmByFamily === null ? '–' : (calmByFamily[place]! / days).toFixed(2),
      ]),
    ),
    '',
  ];
}

/** Budgets that variants are compared at: that of the recall's bar, and one by which calm days could meet theirs. */
const COMPARED_BUDGETS = [BAR_BUDGET, CALM_BAR];

/** What other choices would have given, side by side: nothing is chosen by it. */
export function variantLines(
  compared: readonly { readonly name: string; readonly evaluation: Evaluation }[],
): string[] {
  const attacks = compared[0]?.evaluation.budgets[0]?.recall.map(({ attack }) => attack) ?? [];
  return [
    '## Other choices',
    '',
    'Recall, alerts on a calm day (mean, and that of the middle day), average precision of host-days; all limits fixed anew.',
    ...COMPARED_BUDGETS.flatMap((perDay) => [
      '',
      `Limits for ${perDay} alerts a day:`,
      '',
      ...table(['variant', ...attacks, 'a calm day', 'the middle one', 'precision'], variantRows(compared, perDay)),
    ]),
  ];
}

function variantRows(compared: Parameters<typeof variantLines>[0], perDay: number): string[][] {
  return compared.flatMap(({ name, evaluation: { budgets, precision } }) => {
    const result = budgets.find((one) => one.perDay === perDay);
    if (result === undefined) return [];
    const { recall, calmPerDay, calm } = result;
    const middle = calm === null ? Number.NaN : median(calm);
    return [
      [
        name,
        ...recall.map(({ recall: { value } }) => decimals(value, 2)),
        decimals(calmPerDay?.value ?? Number.NaN, 1),
        decimals(middle, 1),
        decimals(precision.at(-1)!.precision.value, 3),
      ],
    ];
  });
}
