/** Buffers that are used again: of fresh ones the machine has to clear every page, and the garbage collector hears of each. */
export interface Rooms {
  take(bytes: number): Room;
  /** What was taken of it must not be used any more. */
  giveBack(room: Room): void;
}

/** A buffer that columns are cut off. */
export interface Room {
  readonly bytes: number;
  /** The next so many elements. What stands in them is anything. */
  cut<T>(kind: ColumnKind<T>, length: number): T;
}

interface ColumnKind<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, at: number, length: number): T;
}

const MOST_SPARE = 3;
/** Columns begin at multiples of it. */
const ALIGNMENT = 8;

/** Bytes that a column of so many elements takes of a room. */
export const bytesInRoom = (kind: { readonly BYTES_PER_ELEMENT: number }, length: number): number =>
  Math.ceil((kind.BYTES_PER_ELEMENT * length) / ALIGNMENT) * ALIGNMENT;

/** Keeps a few buffers that were given back. */
export function createRooms(): Rooms {
  const spare: ArrayBuffer[] = [];
  const bufferOf = new WeakMap<Room, ArrayBuffer>();

  const roomIn = (buffer: ArrayBuffer): Room => {
    let at = 0;
    const room: Room = {
      bytes: buffer.byteLength,
      cut(kind, length) {
        const column = new kind(buffer, at, length);
        at += bytesInRoom(kind, length);
        return column;
      },
    };
    bufferOf.set(room, buffer);
    return room;
  };

  return {
    take(bytes) {
      const fitting = spare.findIndex(({ byteLength }) => byteLength >= bytes && byteLength <= bytes * 1.5);
      if (fitting >= 0) return roomIn(spare.splice(fitting, 1)[0]!);
      // What takes its place will be a little larger, or smaller.
      return roomIn(new ArrayBuffer(Math.ceil((bytes * 1.05) / ALIGNMENT) * ALIGNMENT));
    },
    giveBack(room) {
      spare.unshift(bufferOf.get(room)!);
      spare.length = Math.min(spare.length, MOST_SPARE);
    },
  };
}
