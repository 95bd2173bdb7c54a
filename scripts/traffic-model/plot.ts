/** Distributions as SVG: the share of flows up to a value, on a logarithmic axis. No library, no font of our own. */

export interface Curve {
  readonly name: string;
  readonly values: readonly number[];
}

export interface Panel {
  readonly title: string;
  /** Decades of the axis, as powers of ten. */
  readonly from: number;
  readonly to: number;
  readonly unit: (power: number) => string;
  readonly curves: readonly Curve[];
}

const COLOURS = ['#1f5fbf', '#c8541c', '#7a7a7a'];
const WIDTH = 300;
const HEIGHT = 190;
const LEFT = 46;
const RIGHT = 10;
const TOP = 26;
const BOTTOM = 30;
const STEPS = 120;
const LEGEND = 24;

export function plotPanels(title: string, panels: readonly Panel[], columns: number): string {
  const rows = Math.ceil(panels.length / columns);
  const names = panels[0]!.curves.map(({ name }) => name);
  const [width, height] = [columns * WIDTH, rows * HEIGHT + LEGEND];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="11">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...names.map((name, i) => {
      const x = LEFT + i * 180;
      return `<path d="M${x} 14h22" stroke="${COLOURS[i]}" stroke-width="2"/><text x="${x + 28}" y="18" fill="#222222">${name}</text>`;
    }),
    ...panels.map((panel, i) => {
      const [x, y] = [(i % columns) * WIDTH, Math.floor(i / columns) * HEIGHT + LEGEND];
      return `<g transform="translate(${x} ${y})">${plotPanel(panel)}</g>`;
    }),
    '</svg>',
    '',
  ].join('\n');
}

function plotPanel({ title, from, to, unit, curves }: Panel): string {
  const x = (power: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * (power - from)) / (to - from);
  const y = (share: number): number => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share;
  const decades = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const grid = [
    ...decades.map((power) => {
      const at = x(power).toFixed(1);
      const label = `<text x="${at}" y="${HEIGHT - 14}" text-anchor="middle" fill="#555555">${unit(power)}</text>`;
      return `<path d="M${at} ${y(1)}V${y(0)}" stroke="#e4e4e4"/>${(power - from) % 2 === 0 ? label : ''}`;
    }),
    ...[0, 0.5, 1].map(
      (share) =>
        `<path d="M${LEFT} ${y(share)}H${WIDTH - RIGHT}" stroke="#e4e4e4"/>` +
        `<text x="${LEFT - 5}" y="${y(share) + 4}" text-anchor="end" fill="#555555">${share * 100} %</text>`,
    ),
  ];
  const lines = curves.map(({ values }, i) => {
    const sorted = values.toSorted((a, b) => a - b);
    const points = Array.from({ length: STEPS + 1 }, (_, step) => {
      const power = from + ((to - from) * step) / STEPS;
      return `${x(power).toFixed(1)},${y(shareUpTo(sorted, 10 ** power)).toFixed(1)}`;
    });
    return `<polyline points="${points.join(' ')}" fill="none" stroke="${COLOURS[i]}" stroke-width="1.8"/>`;
  });
  return [`<text x="${LEFT}" y="16" font-weight="bold" fill="#222222">${title}</text>`, ...grid, ...lines].join('');
}

function shareUpTo(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return sorted.length === 0 ? 0 : low / sorted.length;
}
