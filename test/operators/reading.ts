import { formatIpv4 } from '../../src/operators/address.ts';
import type { FileFlows } from '../../src/operators/flow-reader.ts';
import type { Rejection } from './product-run.ts';

/** What a file's reading comes to, with addresses as text: ids depend on what else was read. */
export function readingOf({ file, rejected }: { readonly file: FileFlows; readonly rejected: readonly Rejection[] }) {
  const { ipv4, texts } = file.addresses;
  const textOf = (id: number): string => texts.get(id) ?? formatIpv4(ipv4[id]!);
  const { chunks, addresses, slowLines, ...counted } = file;
  return {
    ...counted,
    rejected,
    flows: chunks.flatMap((flows) =>
      Array.from({ length: flows.length }, (_, row) => ({
        source: textOf(flows.source[row]!),
        destination: textOf(flows.destination[row]!),
        sourcePort: flows.sourcePort[row]!,
        port: flows.destinationPort[row]!,
        sent: flows.sourceBytes[row]!,
        received: flows.destinationBytes[row]!,
        start: flows.start[row]!,
        end: flows.end[row]!,
        repeat: flows.repeat[row]!,
        flags: flows.flags[row]!,
      })),
    ),
  };
}
