import { describe, expect, it } from 'vitest';
import { bytesInRoom, createRooms } from '../../src/operators/rooms.ts';

describe('rooms', () => {
  it('hold columns side by side, each where its elements may begin', () => {
    const bytes = bytesInRoom(Uint8Array, 3) + bytesInRoom(Float64Array, 2) + bytesInRoom(Uint16Array, 1);
    const room = createRooms().take(bytes);
    const columns = [room.cut(Uint8Array, 3), room.cut(Float64Array, 2), room.cut(Uint16Array, 1)];
    columns.forEach((column, n) => {
      column.fill(n + 1);
    });
    expect(columns.map((column) => [...column])).toEqual([[1, 1, 1], [2, 2], [3]]);
  });

  it('are given out again, where they are of about the size', () => {
    const rooms = createRooms();
    const first = rooms.take(8000);
    const column = first.cut(Uint8Array, 8000);
    rooms.giveBack(first);
    expect(rooms.take(100_000).cut(Uint8Array, 1).buffer).not.toBe(column.buffer);
    expect(rooms.take(100).cut(Uint8Array, 1).buffer).not.toBe(column.buffer);
    expect(rooms.take(7000).cut(Uint8Array, 1).buffer).toBe(column.buffer);
    expect(rooms.take(7000).cut(Uint8Array, 1).buffer).not.toBe(column.buffer);
  });
});
