import type { Settings } from '../config/settings.ts';
import type { Sinks } from '../consumers/announcing.ts';
import type { Events } from '../consumers/events.ts';

/** The bus that the settings name, and how it is reached; null: none. */
export function busOf(settings: Settings) {
  const bus = settings['events.eventbridge_bus'];
  const endpoint = settings['eventbridge.endpoint'] ?? settings['aws.endpoint'];
  return bus === null ? null : { bus, region: settings['aws.region'], endpoint };
}

/** The topic that the settings name, and its brokers; null: none. */
export function topicOf(settings: Settings) {
  const addresses = settings['events.kafka_brokers'];
  const topic = settings['events.kafka_topic'];
  return addresses === null ? null : { brokers: addresses.split(',').map((address) => address.trim()), topic };
}

/** Opens the sinks of events that the settings name; their clients are loaded only then. */
export async function openSinks(settings: Settings, onExit: (undo: () => Promise<void>) => void): Promise<Sinks> {
  const opened = (events: Events): Events => {
    onExit(() => events.close());
    return events;
  };
  const bus = busOf(settings);
  const topic = topicOf(settings);
  const sinks: { eventbridge?: Events; kafka?: Events } = {};
  if (bus !== null) {
    const { openEventBridge } = await import('../consumers/events/eventbridge.ts');
    sinks.eventbridge = opened(openEventBridge(bus));
  }
  if (topic !== null) {
    const { openKafkaEvents } = await import('../consumers/events/kafka.ts');
    sinks.kafka = opened(openKafkaEvents(topic));
  }
  return sinks;
}
