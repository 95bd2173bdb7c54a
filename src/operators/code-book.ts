/** How many distinct texts of one field are remembered; the fields it serves hold a dozen. */
const REMEMBERED = 1024;
/** Longer texts are noise, and not remembered. */
const LONGEST = 256;
const ASCII = new TextDecoder('latin1');

/**
 * Classifies the short texts of an enumerated field (action, reason, …). A text seen before costs one hash of its
 * bytes; a new one is given to `classify`, in lower case.
 */
export interface CodeBook {
  ofBytes(bytes: Uint8Array, start: number, end: number): number;
  ofText(text: string): number;
}

export function createCodeBook(classify: (lowerCase: string) => number): CodeBook {
  const hashes = new Int32Array(REMEMBERED * 2);
  const classes = new Int32Array(REMEMBERED * 2);
  const texts: (Uint8Array | undefined)[] = new Array(REMEMBERED * 2);
  let count = 0;
  const ofText = (text: string): number => classify(text.toLowerCase());

  return {
    ofText,
    ofBytes(bytes, start, end) {
      let hash = end - start;
      for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
      let slot = hash & (REMEMBERED * 2 - 1);
      for (;;) {
        const text = texts[slot];
        if (text === undefined) break;
        if (hashes[slot] === hash && equals(text, bytes, start, end)) return classes[slot]!;
        slot = (slot + 1) & (REMEMBERED * 2 - 1);
      }
      const text = bytes.slice(start, end);
      const code = ofText(ASCII.decode(text));
      if (count < REMEMBERED && text.length <= LONGEST) {
        count++;
        texts[slot] = text;
        hashes[slot] = hash;
        classes[slot] = code;
      }
      return code;
    },
  };
}

function equals(text: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = 0; i < text.length; i++) if (text[i] !== bytes[start + i]) return false;
  return true;
}
