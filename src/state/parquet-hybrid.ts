// Runs and bit-packed groups, as Parquet writes levels and the indexes of a dictionary. hyparquet-writer does the same byte by
// byte, seven times slower; which entries become a run is decided here as there.

/** Values that one bit-packed group holds; shorter runs are packed. */
const GROUP = 8;
const MAX_VARINT = 5;

/**
 * Writes `values`, each below 2 ** bits, at the end of a block that begins with `room` bytes for the caller's.
 * @param bits 1 to 24.
 */
export function hybridBlock(values: Uint8Array | Int32Array, bits: number, room: number): Uint8Array {
  const block = new Uint8Array(room + mostBytes(values.length, bits));
  let at = room;
  let groups = 0;
  let groupsFrom = 0;

  const writeVarint = (value: number): void => {
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) block[at++] = (rest & 0x7f) | 0x80;
    block[at++] = rest;
  };
  const writeGroups = (): void => {
    if (groups === 0) return;
    writeVarint((groups << 1) | 1);
    const end = groupsFrom + groups * GROUP;
    let buffer = 0;
    let used = 0;
    for (let i = groupsFrom; i < end; i++) {
      buffer |= (i < values.length ? values[i]! : 0) << used;
      for (used += bits; used >= 8; used -= 8) {
        block[at++] = buffer;
        buffer >>>= 8;
      }
    }
    groups = 0;
  };

  for (let i = 0; i < values.length; ) {
    const value = values[i]!;
    let end = i + 1;
    while (end < values.length && values[end] === value) end++;
    if (end - i >= GROUP) {
      writeGroups();
      writeVarint((end - i) << 1);
      for (let byte = 0; byte < bits; byte += 8) block[at++] = value >>> byte;
      i = end;
    } else {
      if (groups === 0) groupsFrom = i;
      groups++;
      i += GROUP;
    }
  }
  writeGroups();
  return block.subarray(0, at);
}

/** Groups hold all values in the worst case, each behind a length of its own, with a run between any two. */
function mostBytes(values: number, bits: number): number {
  const groups = Math.ceil(values / GROUP);
  return groups * (bits + 2 * MAX_VARINT + 4) + MAX_VARINT;
}
