/** What real log folders hold besides good records: each spoils the line of a good one, and something becomes of it. */
export interface Spoil {
  readonly name: string;
  /** `rejected`, `filtered`, `nulled` (one field is lost), or `harmless`: another way of writing the same. */
  readonly effect: 'rejected' | 'filtered' | 'nulled' | 'harmless';
  readonly spoilt: (line: string) => string;
}

type Fields = Readonly<Record<string, unknown>>;

const changed = (line: string, change: (record: Fields) => Fields): string => {
  const record = JSON.parse(line) as Fields;
  return JSON.stringify({ ...record, ...change(record) });
};
const set = (fields: Fields) => (line: string) => changed(line, () => fields);

export const SPOILS: readonly Spoil[] = [
  { name: 'cut_line', effect: 'rejected', spoilt: (line) => line.slice(0, 80) },
  { name: 'comment', effect: 'rejected', spoilt: () => '# log rotated' },
  { name: 'bad_address', effect: 'rejected', spoilt: set({ source_ip: '10.10.1.999' }) },
  {
    name: 'empty_session',
    effect: 'rejected',
    spoilt: set({
      event_name: 'TRAFFIC',
      source_bytes: null,
      destination_bytes: null,
      source_port: null,
      destination_port: null,
    }),
  },
  { name: 'negative_bytes', effect: 'nulled', spoilt: set({ source_bytes: -1 }) },
  { name: 'port_beyond', effect: 'nulled', spoilt: set({ destination_port: 70_000 }) },
  { name: 'source_port_beyond', effect: 'nulled', spoilt: set({ source_port: 130_000 }) },
  { name: 'clock_at_zero', effect: 'nulled', spoilt: set({ event_start: '1970-01-01T00:00:00.000Z' }) },
  { name: 'other_log', effect: 'filtered', spoilt: set({ event_name: 'SYSTEM', event_subtype: 'general' }) },
  { name: 'null_reason', effect: 'harmless', spoilt: set({ event_reason: null, rule: null }) },
  {
    name: 'quoted_number',
    effect: 'harmless',
    spoilt: (line) => changed(line, ({ source_bytes: sent }) => ({ source_bytes: String(sent ?? 0) })),
  },
  {
    name: 'time_without_zone',
    effect: 'harmless',
    spoilt: (line) =>
      changed(line, ({ event_end: end }) => ({ event_end: String(end).replace('T', ' ').slice(0, 19) })),
  },
  {
    name: 'nanoseconds',
    effect: 'harmless',
    spoilt: (line) => changed(line, ({ event_end: end }) => ({ event_end: String(end).replace('Z', '000000Z') })),
  },
];
