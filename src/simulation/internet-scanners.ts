import { always } from './dice-stream.ts';
import type { SessionShape } from './habits.ts';
import { DOORS, scannerAddress } from './office-network.ts';
import type { OfficePlan } from './office-plan.ts';
import type { RecordBatch } from './record-batch.ts';
import { addSession, type PreparedShape, prepareShape, type Span } from './session-maker.ts';

const PROBE: SessionShape = {
  transport: 'tcp',
  ports: [21, 22, 23, 25, 80, 110, 139, 443, 445, 1433, 2323, 3306, 3389, 5060, 5900, 6379, 8080, 8443, 9200, 27_017],
  application: 'not-applicable',
  rule: 'deny-in',
  denied: true,
  sent: [44, 44, 60, 60, 60, 74, 74, 78],
  received: always(0),
  lasts: always(0),
};
/** Probes of one scanner in one slice; most look in only now and then. */
const RATE = 0.7;

export const scannerShape = ({ book }: Pick<OfficePlan, 'book'>): PreparedShape => prepareShape(PROBE, book);

/** Strangers of the internet, nobody's hosts, who try the doors that the office has to the outside, day and night. */
export function addInternetScanners(plan: OfficePlan, shape: PreparedShape, slice: Span, batch: RecordBatch): void {
  const { dice, seed, internetScanners } = plan;
  dice.reseed(seed ^ 0x54, 0, Math.floor(slice.end / 60_000));
  for (let left = dice.count(internetScanners * RATE); left > 0; left--) {
    const source = scannerAddress(dice.below(internetScanners));
    const end = slice.start + 1 + dice.below(slice.end - slice.start);
    addSession(batch, shape, source, DOORS[dice.below(DOORS.length)]!, end, slice, dice);
  }
}
