/** What happens to the bytes of a log on their way: by chance, and the same chance for the same seed. */

/** A number in [0, below). */
export type Dice = (below: number) => number;

/** mulberry32. */
export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

export const oneOf = <T>(dice: Dice, values: readonly T[]): T => values[dice(values.length)]!;

/** Bytes that mean something to one of the readers. */
const TOKENS = [
  ...[
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '\n',
    '\r',
    '\r\n',
    '\t',
    ' ',
    '\u0000',
    '\u000b',
    '\ufeff',
    '\u2028',
    '-',
    '+',
    '.',
    '0',
  ],
  ...[
    'e',
    'E',
    '1e400',
    '-0',
    '1e-400',
    '9007199254740993',
    '0x1',
    'NaN',
    'null',
    'true',
    '{}',
    '[]',
    '""',
    '\\u0000',
    '\\ud800',
    '\\u005f',
  ],
  ...[
    '"__proto__":',
    '"source_ip":',
    '"source_bytes":"7",',
    '"event_name":"THREAT",',
    ',"repeat_count":3',
    '10.0.0.1',
    '::ffff:10.1.0.5',
    'é',
    '😀',
    'x'.repeat(300),
  ],
].map((token) => Buffer.from(token));
/** Not UTF-8, or the beginning of it. */
const BROKEN = ['c3', 'e282', 'eda080', 'c080', 'ff', 'f8', '80', 'fffe', '1f8b'].map((hex) => Buffer.from(hex, 'hex'));

const digitsOf = (dice: Dice, most: number): string => Array.from({ length: 1 + dice(most) }, () => dice(10)).join('');

function numberOf(dice: Dice): string {
  const bounds = [255, 256, 65_535, 65_536, 99_999_999_999, 100_000_000_000, 2 ** 32, 2 ** 53];
  const whole = dice(3) === 0 ? String(oneOf(dice, bounds) + dice(3) - 1) : digitsOf(dice, 19);
  return dice(3) === 0 ? `${whole}.${digitsOf(dice, 19)}` : whole;
}

type Mutation = (bytes: Buffer, dice: Dice, other: Buffer) => Buffer;

const joined = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);

function stretch(bytes: Buffer, dice: Dice): [from: number, to: number] {
  const from = dice(bytes.length + 1);
  return [from, Math.min(bytes.length, from + 1 + dice(oneOf(dice, [2, 8, 40, 400])))];
}

const insertAt = (bytes: Buffer, at: number, what: Uint8Array): Buffer =>
  joined(bytes.subarray(0, at), what, bytes.subarray(at));

const MUTATIONS: readonly Mutation[] = [
  // A bit flipped.
  (bytes, dice) => {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[dice(copy.length)]! ^= 1 << dice(8);
    return copy;
  },
  // A byte replaced by any other.
  (bytes, dice) => {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[dice(copy.length)] = dice(256);
    return copy;
  },
  (bytes, dice) => insertAt(bytes, dice(bytes.length + 1), oneOf(dice, TOKENS)),
  (bytes, dice) => insertAt(bytes, dice(bytes.length + 1), oneOf(dice, BROKEN)),
  // A token in place of a stretch.
  (bytes, dice) => {
    const [from, to] = stretch(bytes, dice);
    return joined(bytes.subarray(0, from), oneOf(dice, TOKENS), bytes.subarray(to));
  },
  // Another number in place of one: around the bounds of octets, ports and doubles, or of any length.
  (bytes, dice) => {
    const at = dice(bytes.length + 1);
    const digits = (dice(2) === 0 ? /\d+/ : /\d+\.\d+/).exec(bytes.toString('latin1', at, at + 400));
    if (digits === null) return bytes;
    const from = at + digits.index;
    return joined(bytes.subarray(0, from), Buffer.from(numberOf(dice)), bytes.subarray(from + digits[0].length));
  },
  // Cut out, doubled, moved.
  (bytes, dice) => {
    const [from, to] = stretch(bytes, dice);
    return joined(bytes.subarray(0, from), bytes.subarray(to));
  },
  (bytes, dice) => {
    const [from, to] = stretch(bytes, dice);
    return insertAt(bytes, to, bytes.subarray(from, to));
  },
  (bytes, dice) => {
    const [from, to] = stretch(bytes, dice);
    const rest = joined(bytes.subarray(0, from), bytes.subarray(to));
    return insertAt(rest, dice(rest.length + 1), bytes.subarray(from, to));
  },
  // A stretch of something else spliced in.
  (bytes, dice, other) => insertAt(bytes, dice(bytes.length + 1), other.subarray(...stretch(other, dice))),
  // Cut off at its end, or its beginning lost.
  (bytes, dice) => bytes.subarray(0, dice(bytes.length + 1)),
  (bytes, dice) => bytes.subarray(dice(bytes.length + 1)),
  // A value beyond its own size, now and then beyond that of any line.
  (bytes, dice) =>
    insertAt(
      bytes,
      dice(bytes.length + 1),
      Buffer.alloc(dice(400) === 0 ? 1_100_000 : 5000, oneOf(dice, '07x"[ '.split(''))),
    ),
];

export const mutate: Mutation = (bytes, dice, other) => oneOf(dice, MUTATIONS)(bytes, dice, other);

/** Cuts bytes into chunks: one, a few, or down to single bytes. */
export function chunksOf(bytes: Buffer, dice: Dice): Buffer[] {
  const most = oneOf(dice, [1, 3, 17, 64, 300, 4096, bytes.length + 1]);
  if (bytes.length / most > 20_000) return [bytes];
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + dice(most);
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}
