import type { BatchSpec } from '../config/batch-spec.ts';
import type { FileFlows } from '../operators/flow-reader.ts';
import { type RecordField, SLOT_KINDS, SLOTS } from '../operators/record.ts';
import { ENOUGH, sourceOf } from './input-faults.ts';

/** What a file is called, and what of its numbers and times could be read. */
export interface NamedFile {
  readonly name: string;
  readonly flows: Pick<FileFlows, 'trafficRecords' | 'held' | 'unreadable'>;
}

/**
 * A session without its times or bytes is none: that none can be read is as bad as that none is there. Ports may be words
 * where sessions have none.
 */
const INDISPENSABLE: readonly RecordField[] = ['event_start', 'event_end', 'source_bytes', 'destination_bytes'];

/**
 * The numbers and times that most TRAFFIC records write in no form that is read. `fault` says why a mini-batch cannot be
 * used in which no session would have its times or bytes; `warnings` are of all others. @param enough records, from which on
 * their shares count.
 */
export function unreadableFields(
  files: readonly NamedFile[],
  spec: BatchSpec,
  enough = ENOUGH,
): { readonly fault: string | undefined; readonly warnings: readonly string[] } {
  const all = files.reduce((sum, { flows }) => sum + flows.trafficRecords, 0);
  const held = files.reduce((bits, { flows }) => bits | flows.held, 0);
  const holds = (field: RecordField): boolean => (held & (1 << SLOTS[field])) !== 0;
  const isDerived = (field: RecordField): boolean => field === 'event_end' && holds('event_start') && holds('duration');
  const isFault = ({ field }: Unreadable): boolean =>
    all >= enough && INDISPENSABLE.includes(field) && !holds(field) && !isDerived(field);

  const told = sumsOf(files).filter(({ records }) => (all < enough ? records === all : records * 2 >= all));
  const faults = told.filter(isFault);
  const say = (one: Unreadable): string => describe(one, all, spec);
  return {
    fault: faults.length === 0 ? undefined : `${faults.map(say).join('; ')}; ${REMEDY}`,
    warnings: told.filter((one) => !isFault(one)).map((one) => `${say(one)}; ${REMEDY}`),
  };
}

interface Unreadable {
  readonly field: RecordField;
  readonly records: number;
  /** Where the first of them is, and how it is written. */
  readonly first: string;
}

function sumsOf(files: readonly NamedFile[]): Unreadable[] {
  const sums = new Map<RecordField, Unreadable>();
  for (const { name, flows } of files) {
    for (const { field, records, line, form } of flows.unreadable) {
      const known = sums.get(field) ?? { records: 0, first: `${name}, line ${line}: ${form}` };
      sums.set(field, { field, first: known.first, records: known.records + records });
    }
  }
  return [...sums.values()];
}

function describe({ field, records, first }: Unreadable, all: number, spec: BatchSpec): string {
  const who = records === all ? `none of ${all} TRAFFIC records has a` : `${records} of ${all} TRAFFIC records have no`;
  const forms =
    SLOT_KINDS[SLOTS[field]] === 'time'
      ? 'a time is ISO 8601, YYYY/MM/DD HH:MM:SS, MMM DD YYYY HH:MM:SS, or a number of s, ms, µs or ns since 1970'
      : 'a number is decimal, and has no unit';
  return `${who} readable ${sourceOf(spec, field)}, first ${first}, where 9 is any digit and a any letter; ${forms}`;
}

const REMEDY = 'correct the source, or delta_builder input.field_mapping';
