/** Reads Prometheus' text format, strictly: a line that does not belong there is an error. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const HEAD = new RegExp(`^# (HELP|TYPE) (${NAME}) (.*)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`);
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/gy;

/** Name of a metric → what the text says of it. Samples stand below the head of their metric. */
export function readExposition(text: string): Map<string, Family> {
  const families = new Map<string, { type: string; help: string; samples: Sample[] }>();
  let current = '';
  if (!text.endsWith('\n')) throw new Error('the text does not end with a line end');
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, what, name = '', rest = ''] = HEAD.exec(line) ?? [];
    if (what === 'HELP') {
      if (families.has(name)) throw new Error(`${name} stands twice`);
      families.set(name, { type: '', help: rest, samples: [] });
      current = name;
    } else if (what === 'TYPE') {
      if (name !== current) throw new Error(`the type of ${name} stands below ${current}`);
      families.get(name)!.type = rest;
    } else {
      const family = families.get(current);
      if (family === undefined) throw new Error(`a sample without a head: ${line}`);
      family.samples.push(readSample(line, current, family.type));
    }
  }
  return families;
}

function readSample(line: string, family: string, type: string): Sample {
  const [, name, inside = '', value] = SAMPLE.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`no sample: ${line}`);
  const names = type === 'histogram' ? [`${family}_bucket`, `${family}_sum`, `${family}_count`] : [family];
  if (type === 'summary') names.push(`${family}_sum`, `${family}_count`);
  if (!names.includes(name)) throw new Error(`${name} is no sample of the ${type} ${family}`);
  const labels: Record<string, string> = {};
  let end = 0;
  for (const { 0: found, 1: label = '', 2: held = '', index } of inside.matchAll(LABEL)) {
    labels[label] = held;
    end = index + found.length;
  }
  if (end !== inside.length) throw new Error(`labels that cannot be read: ${line}`);
  return { name, labels, value: Number(value.replace('Nan', 'NaN').replace('+Inf', 'Infinity')) };
}

/** The value of the one sample that has these labels; undefined if there is none. */
export function sampleOf(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const same = [...families.values()]
    .flatMap(({ samples }) => samples)
    .filter((sample) => sample.name === name && isSame(sample.labels, labels));
  if (same.length > 1) throw new Error(`${name} ${JSON.stringify(labels)} stands ${same.length} times`);
  return same[0]?.value;
}

const isSame = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([name, value]) => b[name] === value);
