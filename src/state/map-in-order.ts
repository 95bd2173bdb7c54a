/**
 * What `each` makes of every value, in their order, with at most `atOnce` of them under way. After an error no further
 * one is begun; it is thrown once those under way have ended, so that nothing goes on behind the caller's back.
 */
export async function mapInOrder<T, R>(
  values: readonly T[],
  atOnce: number,
  each: (value: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(values.length);
  const errors: unknown[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < values.length && errors.length === 0) {
      const i = next++;
      try {
        results[i] = await each(values[i]!);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, values.length) }, work));
  if (errors.length > 0) throw errors[0];
  return results;
}
