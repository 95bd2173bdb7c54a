import { type Finding, info, warning } from './finding.ts';
import { reachFinding } from './reach-finding.ts';

/** Where events go. */
export interface ExaminedSink {
  readonly check: 'kafka' | 'eventbridge';
  /** Such as `topic ndr-events of 10.0.0.1:9092`. */
  readonly name: string;
  /** The setting that names it. */
  readonly setting: string;
  /** Throws where that cannot be told. */
  readonly isThere: () => Promise<boolean>;
}

/** Whether a sink of events is there. Events that go nowhere cost no data: what they tell stands in the index. */
export async function* examineSink({ check, name, setting, isThere }: ExaminedSink): AsyncGenerator<Finding> {
  try {
    if (await isThere()) yield info(check, `${name} is there`);
    else yield warning(check, `${name} is not there: events may go nowhere`, `create it, or correct ${setting}`);
  } catch (cause) {
    const { what, remedy } = reachFinding(check, cause, `check ${setting}, the network and the server`);
    yield warning(check, `whether ${name} is there is not known: ${what}`, remedy!);
  }
}
