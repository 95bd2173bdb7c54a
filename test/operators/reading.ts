import { formatIpv4 } from '../../src/operators/address.ts';
import { FLOW_WORDS, type FlowRecords, flowNumber, WORDS_PER_FLOW } from '../../src/operators/flow.ts';
import type { FileFlows } from '../../src/operators/flow-reader.ts';
import type { Rejection } from './product-run.ts';

/** An address, a port or the flags of a flow. */
export const flowWord = ({ words }: FlowRecords, row: number, field: keyof typeof FLOW_WORDS): number =>
  words[row * WORDS_PER_FLOW + FLOW_WORDS[field]]!;

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
        source: textOf(flowWord(flows, row, 'source')),
        destination: textOf(flowWord(flows, row, 'destination')),
        sourcePort: flows.sourcePort[row]!,
        port: flowWord(flows, row, 'destinationPort'),
        sent: flowNumber(flows, row, 'sourceBytes'),
        received: flowNumber(flows, row, 'destinationBytes'),
        start: flowNumber(flows, row, 'start'),
        end: flowNumber(flows, row, 'end'),
        repeat: flowNumber(flows, row, 'repeat'),
        flags: flowWord(flows, row, 'flags'),
      })),
    ),
  };
}
