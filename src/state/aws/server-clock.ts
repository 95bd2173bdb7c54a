/** As much of the clients' stacks of middleware as is needed to see every answer. */
interface MiddlewareStack {
  add(
    middleware: <Given, Answer>(next: (args: Given) => Promise<Answer>) => (args: Given) => Promise<Answer>,
    options: { readonly step: 'deserialize'; readonly name: string },
  ): void;
}

interface Dated {
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Compares clocks at every answer of a client, refusals included. What it returns says by how many ms the server's is
 * ahead of ours, to a second or so; undefined until a server has said what time it is.
 */
export function watchServerClock(stack: MiddlewareStack, clock: () => number): () => number | undefined {
  let ahead: number | undefined;
  const note = (response: unknown): void => {
    const said = Date.parse((response as Dated | undefined)?.headers?.['date'] ?? '');
    if (!Number.isNaN(said)) ahead = said - clock();
  };
  stack.add(
    (next) => async (args) => {
      try {
        const answer = await next(args);
        note((answer as { readonly response?: unknown }).response);
        return answer;
      } catch (error) {
        note((error as { readonly $response?: unknown }).$response);
        throw error;
      }
    },
    { step: 'deserialize', name: 'watchServerClock' },
  );
  return () => ahead;
}
