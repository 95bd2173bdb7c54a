/** What the clients of AWS tell with an answer, or with an error. */
interface Told {
  readonly $metadata?: { readonly attempts?: number };
}

/**
 * A middleware for a client of AWS, at the step `initialize`: hears how often a call was made beyond the first time, whether
 * it came to succeed or not.
 */
export const retriesTo =
  (onRetry: (times: number) => void) =>
  <A, R extends { readonly output: object }>(next: (args: A) => Promise<R>) =>
  async (args: A): Promise<R> => {
    const tell = ({ $metadata }: Told): void => {
      const times = ($metadata?.attempts ?? 1) - 1;
      if (times > 0) onRetry(times);
    };
    try {
      const answer = await next(args);
      tell(answer.output);
      return answer;
    } catch (error) {
      if (error instanceof Error) tell(error as Told);
      throw error;
    }
  };

export const COUNT_RETRIES = { step: 'initialize', name: 'countRetries' } as const;
