import type { Settings } from '../config/settings.ts';
import { PARTITION_KEY, SORT_KEY } from '../state/items/dynamodb.ts';
import { PARAMETERS_KEYS, ROUTING_KEYS } from '../state/specs/dynamodb.ts';

/** The DynamoDB tables that the settings name, with the keys that they need. */
export const tableShapesOf = (settings: Settings) => ({
  parameters: { name: settings['tables.parameters'], ...PARAMETERS_KEYS },
  routing: { name: settings['tables.routing'], ...ROUTING_KEYS },
  batchIndex: { name: settings['tables.batch_index'], partitionKey: PARTITION_KEY, sortKey: SORT_KEY },
});
