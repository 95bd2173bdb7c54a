type Undo = () => void | Promise<void>;

/** Runs `body`; what it registered is undone in reverse, whether it returned or threw. */
export async function scope<T>(body: (onExit: (undo: Undo) => void) => Promise<T>): Promise<T> {
  const undos: Undo[] = [];
  try {
    return await body((undo) => void undos.push(undo));
  } finally {
    for (const undo of undos.reverse()) await undo();
  }
}
