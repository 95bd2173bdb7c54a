import { SETTINGS, type Settings } from './settings.ts';
import { readTable, type SettingSources, SettingsError } from './settings-table.ts';

/** Reads all settings; flags win over the environment, that over the YAML file. Throws one error with every fault. */
export function readSettings(sources: SettingSources): Settings {
  const settings = readTable(SETTINGS, sources);
  const faults = disagreements(settings);
  if (faults.length > 0) throw new SettingsError(faults);
  return settings;
}

/** Settings that are sound by themselves, but not together. */
function disagreements(settings: Settings): string[] {
  const settle = settings['completeness.settle_seconds'];
  const wait = settings['completeness.max_wait_seconds'];
  const faults: string[] = [];
  if (wait < settle)
    faults.push(
      `completeness.max_wait_seconds: is ${wait}, less than completeness.settle_seconds (${settle}); no mini-batch would settle`,
    );
  if (settings['sqs.endpoint'] === null && settings['aws.endpoint'] === null) {
    for (const path of ['queue.url', 'queue.dead_letter_url'] as const) {
      const url = settings[path];
      const { host, origin } = url !== null && URL.canParse(url) ? new URL(url) : { host: null, origin: '' };
      if (host !== null && !AWS_HOST.test(host))
        faults.push(
          `${path}: ${host} is no host of AWS, to which calls would go; set sqs.endpoint (NDR_SQS_ENDPOINT) to ${origin}`,
        );
    }
  }
  return faults;
}

/** Hosts of SQS in every partition of AWS. */
const AWS_HOST =
  /(?:^|\.)(?:amazonaws\.(?:com|com\.cn|eu)|api\.aws|amazonwebservices\.com\.cn|gov|cloud\.adc-e\.uk)(?::\d+)?$/;
