/** Where a service of AWS is. */
export interface AwsPlace {
  /** Null: as the AWS clients find it (AWS_REGION, profile). */
  readonly region: string | null;
  /** Where every request goes; null: AWS itself. */
  readonly endpoint: string | null;
}

/** Signatures name a region; a server that is not AWS takes any. */
const ANY_REGION = 'us-east-1';

/** As the clients take it. */
export function clientPlace({ region, endpoint }: AwsPlace): { readonly region?: string; readonly endpoint?: string } {
  if (endpoint !== null) return { region: region ?? ANY_REGION, endpoint };
  return region === null ? {} : { region };
}

type Handler<Given, Answer> = (args: Given) => Promise<Answer>;

/** As much of the clients' stacks of middleware as is needed to stand last before the network. */
interface MiddlewareStack {
  add(
    middleware: <Given extends { request: unknown }, Answer>(next: Handler<Given, Answer>) => Handler<Given, Answer>,
    options: { readonly step: 'finalizeRequest'; readonly name: string; readonly priority: 'low' },
  ): void;
}

/**
 * Refuses every request of a client that would not go to its endpoint, whatever in the environment, in a bucket's name or
 * in a queue's address would send it elsewhere. Without an endpoint the client goes where AWS is.
 */
export function pinToEndpoint(stack: MiddlewareStack, endpoint: string | null): void {
  if (endpoint === null) return;
  const { protocol, hostname, port } = new URL(endpoint);
  stack.add(
    (next) => (args) => {
      const request = args.request as { protocol: string; hostname: string; port?: number };
      const isThere = request.hostname === hostname || request.hostname.endsWith(`.${hostname}`);
      if (!isThere || request.protocol !== protocol || String(request.port ?? '') !== port)
        throw new Error(
          `a request to ${request.protocol}//${request.hostname}:${request.port ?? ''} was refused, since the endpoint is ` +
            `${protocol}//${hostname}:${port}; look for AWS settings in the environment that name another`,
        );
      return next(args);
    },
    { step: 'finalizeRequest', name: 'pinToEndpoint', priority: 'low' },
  );
}
