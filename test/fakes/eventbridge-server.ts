import { randomUUID } from 'node:crypto';
import type { DescribeEventBusRequest, PutEventsRequest, PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { AwsError, startAwsJsonServer, type Trouble } from './aws-json-server.ts';

export interface EventBridgeServer {
  readonly endpoint: string;
  /** Entries that were taken, in the order of their calls. */
  readonly entries: readonly PutEventsRequestEntry[];
  /** How many entries each call brought. */
  readonly sizes: readonly number[];
  trouble(operation: string, trouble: Trouble, times: number): void;
  /** Entries that fail, one by one, while the rest of their call is taken. */
  failEntries(times: number, code: string): void;
  close(): Promise<void>;
}

const PROTOCOL = { target: 'AWSEvents', namespace: 'com.amazonaws.events', version: '1.1' } as const;
const MOST_BYTES = 256 * 1_024;

/** An EventBridge server in memory, spoken to by the real client: it takes events and keeps them. */
export async function startEventBridgeServer(
  buses: readonly string[] = ['default', 'ndr'],
): Promise<EventBridgeServer> {
  const entries: PutEventsRequestEntry[] = [];
  const sizes: number[] = [];
  const failing: string[] = [];

  const take = (entry: PutEventsRequestEntry): object => {
    const code = failing.shift() ?? faultOf(entry);
    if (code !== undefined) return { ErrorCode: code, ErrorMessage: 'not taken' };
    entries.push(entry);
    return { EventId: randomUUID() };
  };

  const server = await startAwsJsonServer(PROTOCOL, () => ({
    DescribeEventBus: ({ Name = 'default' }: DescribeEventBusRequest) => {
      if (!buses.includes(Name)) throw new AwsError('ResourceNotFoundException', `Event bus ${Name} does not exist.`);
      return { Name };
    },
    PutEvents: ({ Entries = [] }: PutEventsRequest) => {
      sizes.push(Entries.length);
      if (Entries.length < 1 || Entries.length > 10)
        throw new AwsError('ValidationException', 'entries failed to satisfy constraint: between 1 and 10');
      if (Entries.reduce((sum, entry) => sum + bytesOf(entry), 0) > MOST_BYTES)
        throw new AwsError('ValidationException', 'Total size of the entries in the request is over the limit.');
      const answers = Entries.map(take);
      return { FailedEntryCount: answers.filter((one) => 'ErrorCode' in one).length, Entries: answers };
    },
  }));
  return {
    ...server,
    entries,
    sizes,
    failEntries: (times, code) => void failing.push(...Array.from({ length: times }, () => code)),
  };
}

const bytesOf = ({ Source = '', DetailType = '', Detail = '' }: PutEventsRequestEntry): number =>
  Buffer.byteLength(Source + DetailType + Detail);

function faultOf({ Source, DetailType, Detail }: PutEventsRequestEntry): string | undefined {
  if (!Source || !DetailType || !Detail) return 'InvalidArgument';
  try {
    const detail: unknown = JSON.parse(Detail);
    return typeof detail === 'object' && detail !== null && !Array.isArray(detail) ? undefined : 'MalformedDetail';
  } catch {
    return 'MalformedDetail';
  }
}
