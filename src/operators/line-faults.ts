import { ABSENT } from './address-book.ts';
import { type Registers, SLOTS } from './record.ts';

/**
 * A longer line is rejected unread, so that memory per file stays bounded whatever the file holds. A firewall's record has
 * some 6 kB in the wordiest encoding; a mebibyte leaves room for a forwarder that adds its own.
 */
export const LONGEST_LINE = 1 << 20;
/** What is told of the text of such a line. */
export const PREFIX_BYTES = 4096;

export const longLineFault = (length: number): string =>
  `the line has ${length} bytes, more than the ${LONGEST_LINE} of the longest that is read; ` +
  `its first ${PREFIX_BYTES} are shown; correct what writes it, or lacks line feeds`;

const REMEDY = 'the source must write one JSON object a line';
export const NOT_UTF8 = `the line is not UTF-8; ${REMEDY}`;
export const NOT_JSON = `the line is not JSON; ${REMEDY}`;
export const NOT_OBJECT = `the line is JSON, but not an object; ${REMEDY}`;
export const ALL_NULL =
  'both byte and both port fields are null; correct input.field_mapping, or keep such records with dq.filter_null_bytes_ports: false';

/** Which address of a record that has a malformed one, and how. */
export function addressFault({ values }: Registers): string {
  const faults = (['source_ip', 'destination_ip'] as const)
    .filter((field) => values[SLOTS[field]]! < 0)
    .map((field) => `${field} is ${values[SLOTS[field]] === ABSENT ? 'absent' : 'not an address'}`);
  return `${faults.join(', ')}; correct the source or input.field_mapping, or keep such records with dq.drop_malformed_ip: false`;
}
