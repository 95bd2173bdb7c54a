/** Random lines as firewalls, forwarders and accidents write them: from plain records to noise. */

import fc from 'fast-check';
import { FIRST_END } from './random-traffic.ts';

/** JSON tokens by the kind of field that they are meant for; some are no JSON. */
const ADDRESSES = [
  '"10.0.0.1"',
  '"10.0.0.2"',
  '"8.8.8.8"',
  '"255.255.255.255"',
  '"::ffff:10.0.0.2"',
  '"FE80::1"',
  '"2001:db8:0:0:1::"',
  '"10.0.0.\\u0031"',
  '"10.0.0.256"',
  '"10.0.0.1000"',
  '"010.0.0.1"',
  '"1.2.3"',
  '"1.2.3.4.5"',
  '"1.2.3.4 "',
  '"fe80::1%eth0"',
  '"10.0.0.é"',
  '""',
  'null',
  '167772161',
  'true',
  '["10.0.0.1"]',
  '{"toString":1}',
];
const NUMBERS = [
  ...['0', '1', '443', '65535', '65536', '-1', '-0', '1.0', '1.5', '12.75', '4294967296', '123456789012345'],
  ...['1e3', '25E-1', '0.0000001', '"443"', '"443.0"', '"+5"', '" 443"', '""', '"n/a"', '"0x10"', '"Infinity"'],
  ...['"4\\u00343"', 'null', 'true', '{}', '[1]'],
  ...['01', '-', '1.', '.5', '+1', 'NaN', '1e', '1_000'],
];
/** Numbers that are not exact in a double, and text that only some call a number. */
const EXTREME_NUMBERS = [
  ...['1234567890123456', '12345678901234567890', '0.12345678901234567', '123456789.12345678', '1e400', '-1e-400'],
  ...['"1e3"', '"12345678901234567890"', '9007199254740993', '99999999999.9999'],
];
const at = (ms: number): string => new Date(FIRST_END + ms).toISOString();
const TIMES = [
  ...[`"${at(0)}"`, `"${at(-61_500)}"`, `"${at(-900_000)}"`, `"${at(86_400_000)}"`, `"${at(86_400_001)}"`],
  ...[
    '"2026-03-02T08:00:00Z"',
    '"2026-03-02T08:00:00.5Z"',
    '"2026-03-02T08:00:00.123456789Z"',
    '"2026-03-02T07:59:59.9996Z"',
  ],
  ...[
    '"2026-03-02T09:00:00+01:00"',
    '"2026-03-02 08:00:00,5"',
    '"2026-03-02T08:00:00"',
    '"2026-03-02T08:00Z"',
    '"2026-03-02"',
  ],
  ...['"2026/03/02 08:00:00"', '"2026/03/02 08:00:00.25"', '"Mar 02 2026 08:00:00"', '"mar 2 2026 08:00:00 UTC"'],
  ...[
    String(FIRST_END / 1000),
    String(FIRST_END),
    `${FIRST_END / 1000 - 30}.0625`,
    `"${FIRST_END}"`,
    `${FIRST_END}000`,
  ],
  ...[
    '"2026-02-30T08:00:00Z"',
    '"2026-03-02T24:00:00Z"',
    '"2026-03-02T08:60:00Z"',
    '"2026-03-02T08:00:00.Z"',
    '"yesterday"',
  ],
  ...[
    '"2026-03-02T08:00:00.12x4Z"',
    '"2026-13-02T08:00:00Z"',
    '"2026\\u002d03-02T08:00:00Z"',
    '0',
    '-1',
    '""',
    'null',
    '{}',
  ],
];
const WORDS = [
  ...['"TRAFFIC"', '"traffic"', '"THREAT"', '"end"', '"START"', '"virus"', '"allow"', '"ALLOW"', '"deny"', '"alert"'],
  ...['"tcp-rst-from-server"', '"aged-out"', '"policy-deny"', '"tcp"', '"UDP"', '"icmp6"', 'null', '""', '"Threat"'],
  ...['"SYSTEM"', '"traffic "', '"url"', '"IPV6-ICMP"', '"d\\u0065ny"', '"Straße"', '5', 'true', '{}', '[]'],
];

const KINDS: Readonly<Record<string, 'address' | 'number' | 'time' | 'word'>> = {
  source_ip: 'address',
  destination_ip: 'address',
  source_port: 'number',
  destination_port: 'number',
  source_bytes: 'number',
  destination_bytes: 'number',
  event_start: 'time',
  event_end: 'time',
  event_action: 'word',
  event_reason: 'word',
  event_name: 'word',
  event_subtype: 'word',
  network_transport: 'word',
  repeat_count: 'number',
  duration: 'number',
};

/** Ordinary values first, so that most records get as far as the rules behind JSON. */
const likely = (tokens: readonly string[], ordinary: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...tokens.slice(0, ordinary)) },
    { weight: 1, arbitrary: fc.constantFrom(...tokens) },
  );

const extraKey = fc.constantFrom(
  '__proto__',
  'constructor',
  'app',
  '',
  'source',
  'source_ip ',
  'é',
  'a"b',
  'x'.repeat(300),
);
const extraValue = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)),
  fc.constantFrom(
    'true',
    'false',
    'null',
    '-0',
    '1e5',
    '"a\\\\b"',
    '"\\u00e9"',
    '"é"',
    '[[[]]]',
    '{"a":{"b":[1]}}',
    '1234567890123456',
  ),
);

/** One record as text: keys in any order, now and then twice, spaces in any place where JSON lets them be. */
export function recordText(numbers: 'plain' | 'extreme'): fc.Arbitrary<string> {
  const tokensOf = {
    address: likely(ADDRESSES, 8),
    number:
      numbers === 'plain'
        ? likely(NUMBERS, 12)
        : fc.oneof(
            { weight: 60, arbitrary: likely(NUMBERS, 12) },
            { weight: 1, arbitrary: fc.constantFrom(...EXTREME_NUMBERS) },
          ),
    time: likely(TIMES, 19),
    word: likely(WORDS, 16),
  };
  const field = fc
    .constantFrom(...Object.keys(KINDS))
    .chain((key) => tokensOf[KINDS[key]!].map((token) => [JSON.stringify(key), token] as const));
  const usual = fc.tuple(
    ...Object.entries(KINDS).map(([key, kind]) =>
      fc.option(
        tokensOf[kind].map((token) => [JSON.stringify(key), token] as const),
        { freq: kind === 'word' ? 2 : 12 },
      ),
    ),
  );
  const strange = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.tuple(
        extraKey.map((key) => JSON.stringify(key)),
        extraValue,
      ),
    },
    { weight: 1, arbitrary: field },
    { weight: 1, arbitrary: field.map(([key, token]) => [key.replace('s', '\\u0073'), token] as const) },
  );
  return fc
    .tuple(
      usual,
      fc.oneof(
        { weight: 2, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(strange, { maxLength: 2 }) },
      ),
      fc.boolean(),
      fc.constantFrom('', '', '', '', ' ', ' ', '  ', '\t', '\r'),
      fc.constantFrom('', '', '', ' ', '\r', '\r\r', '\t', 'x', '}', ',', '{}'),
    )
    .chain(([own, others, isShuffled, space, tail]) => {
      const members = [...own.filter((member) => member !== null), ...others];
      const order = isShuffled ? fc.shuffledSubarray(members, { minLength: members.length }) : fc.constant(members);
      return order.map((ordered) => {
        const inner = ordered.map(([key, token]) => `${key}${space}:${space}${token}`).join(`${space},${space}`);
        return `{${space}${inner}${space}}${tail}`;
      });
    });
}

const INSERTED = [
  ...[
    '"',
    '\\',
    ' ',
    '\t',
    '\r',
    '\n',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '0',
    '9',
    '-',
    '.',
    'e',
    'n',
    'é',
    '€',
    '\u0000',
    '\u007f',
  ],
  ...['null', '\\u0031', '""', '"source_ip":1,', '😀'],
];

type Edit = (line: string) => string;
const place = fc.double({ min: 0, max: 1, noNaN: true });
const edit: fc.Arbitrary<Edit> = fc.oneof(
  place.map(
    (p): Edit =>
      (line) =>
        line.slice(0, Math.floor(p * line.length)),
  ),
  place.map(
    (p): Edit =>
      (line) =>
        line.slice(Math.floor(p * line.length)),
  ),
  place.map(
    (p): Edit =>
      (line) => {
        const i = Math.floor(p * line.length);
        return line.slice(0, i) + line.slice(i + 1);
      },
  ),
  fc.tuple(place, fc.constantFrom(...INSERTED)).map(
    ([p, text]): Edit =>
      (line) => {
        const i = Math.floor(p * (line.length + 1));
        return line.slice(0, i) + text + line.slice(i);
      },
  ),
  fc.tuple(place, place).map(
    ([p, q]): Edit =>
      (line) => {
        const [i, j] = [p, q].map((x) => Math.floor(x * line.length)).sort((a, b) => a - b) as [number, number];
        return line.slice(0, j) + line.slice(i);
      },
  ),
);

const noise = fc.constantFrom(
  '',
  ' ',
  '\r',
  '\t \r',
  'null',
  '[]',
  '[{}]',
  '{}',
  '"text"',
  '17',
  '{',
  '{{}}',
  '{"a"}',
  '{"a":}',
  'é',
);

/** A line of a log, or a record that something was done to. */
export function logLine(numbers: 'plain' | 'extreme'): fc.Arbitrary<string> {
  const text = recordText(numbers);
  return fc.oneof(
    { weight: 8, arbitrary: text },
    {
      weight: 5,
      arbitrary: fc
        .tuple(text, fc.array(edit, { minLength: 1, maxLength: 2 }))
        .map(([line, edits]) => edits.reduce((edited, apply) => apply(edited), line)),
    },
    { weight: 1, arbitrary: noise },
  );
}

/** Lines as they stand in a file: edits may have put line feeds into them, and half a pair of surrogates is no text. */
export function logLines(numbers: 'plain' | 'extreme', maxLength: number): fc.Arbitrary<string[]> {
  return fc
    .array(logLine(numbers), { minLength: 1, maxLength, size: 'max' })
    .map((lines) => lines.join('\n').toWellFormed().split('\n'));
}
