import type { Settings } from '../config/settings.ts';
import type { Sinks } from '../consumers/announcing.ts';
import type { Events } from '../consumers/events.ts';

/** Addresses of brokers, as the setting has them. */
export const brokersOf = (setting: string): string[] => setting.split(',').map((address) => address.trim());

/** Opens the sinks of events that the settings name; their clients are loaded only then. */
export async function openSinks(settings: Settings, onExit: (undo: () => Promise<void>) => void): Promise<Sinks> {
  const opened = (events: Events): Events => {
    onExit(() => events.close());
    return events;
  };
  const bus = settings['events.eventbridge_bus'];
  const brokers = settings['events.kafka_brokers'];
  const sinks: { eventbridge?: Events; kafka?: Events } = {};
  if (bus !== null) {
    const { openEventBridge } = await import('../consumers/events/eventbridge.ts');
    const endpoint = settings['eventbridge.endpoint'] ?? settings['aws.endpoint'];
    sinks.eventbridge = opened(openEventBridge({ bus, region: settings['aws.region'], endpoint }));
  }
  if (brokers !== null) {
    const { openKafkaEvents } = await import('../consumers/events/kafka.ts');
    sinks.kafka = opened(openKafkaEvents({ brokers: brokersOf(brokers), topic: settings['events.kafka_topic'] }));
  }
  return sinks;
}
