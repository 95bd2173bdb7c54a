type Undo = () => void | Promise<void>;

/**
 * Runs `body`; what it registered is undone in reverse, whether it returned or threw. Every undo is tried; of several
 * errors the first is thrown, so that a failing undo does not hide why the body failed.
 */
export async function scope<T>(body: (onExit: (undo: Undo) => void) => Promise<T>): Promise<T> {
  const undos: Undo[] = [];
  const errors: unknown[] = [];
  const attempt = async <R>(step: () => R | Promise<R>): Promise<R | undefined> => {
    try {
      return await step();
    } catch (error) {
      errors.push(error);
      return undefined;
    }
  };
  const result = await attempt(() => body((undo) => void undos.push(undo)));
  for (const undo of undos.reverse()) await attempt(undo);
  if (errors.length > 0) throw errors[0];
  return result as T;
}
