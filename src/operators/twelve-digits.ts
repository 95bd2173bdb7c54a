const DIGITS = 12;
/** 10^22 is the greatest power that a double holds exactly. */
const EXACT_POWERS = 22;
/** Every whole number below has at most twelve digits, and a half of one too. */
const TWICE_EXACT = 2e11;

/** Binary exponents of numbers from about 1e-9 to 1e12: what lies outside takes the slow way. */
const LEAST_EXPONENT = -30;
const EXPONENTS = 70;
/** By binary exponent e: the least power of ten that numbers in [2^e, 2^(e + 1)) may reach, and the scale of those below it. */
const TENS = new Float64Array(EXPONENTS);
const SCALES = new Float64Array(EXPONENTS);
for (let i = 0; i < EXPONENTS; i++) {
  const magnitude = Math.floor((LEAST_EXPONENT + i) * Math.log10(2));
  const shift = DIGITS - 1 - magnitude;
  TENS[i] = Number(`1e${magnitude + 1}`);
  // One less where a number reaches the next power: then the scale is a tenth.
  SCALES[i] = shift >= 1 && shift <= EXACT_POWERS ? Number(`1e${shift}`) : 0;
}

const bits = new Float64Array(1);
const words = new Int32Array(bits.buffer);
const HIGH_WORD = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/**
 * A number (>= 0) rounded to twelve significant digits, so that two that differ in their last bits become one. Whole and
 * half numbers, which most are, come back as they are. A tie of the thirteenth digit rounds up.
 */
export function roundToTwelveDigits(x: number): number {
  const twice = x + x;
  if (twice < TWICE_EXACT && Math.floor(twice) === twice) return x;
  bits[0] = x;
  const i = ((words[HIGH_WORD]! >>> 20) & 0x7ff) - 1023 - LEAST_EXPONENT;
  const scale = i >= 0 && i < EXPONENTS ? SCALES[i]! : 0;
  if (scale === 0) return Number(x.toPrecision(DIGITS));
  const exact = x < TENS[i]! ? scale : scale / 10;
  return Math.round(x * exact) / exact;
}
