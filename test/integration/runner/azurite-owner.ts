import { setTimeout as delay } from 'node:timers/promises';
import { TableClient } from '@azure/data-tables';
import { startAzurite } from '../../../src/runner/azurite.ts';

/**
 * A process with an Azurite of its own in the folder given, for tests that end it in some way. Prints one line of JSON when Azurite listens
 * and a row is written; at Ctrl-C it takes its time, writes a last row and ends in order.
 */
const azurite = await startAzurite({ folder: process.argv[2] ?? '', log: () => {} });
const table = TableClient.fromConnectionString(azurite.connectionString, 'rows', { allowInsecureConnection: true });
await table.createTable();
await table.createEntity({ partitionKey: 'p', rowKey: 'first' });

process.once('SIGINT', async () => {
  await delay(300);
  await table.createEntity({ partitionKey: 'p', rowKey: 'last' });
  await azurite.close();
  process.exit(0);
});
process.once('SIGUSR2', () => process.exit(3));

console.log(JSON.stringify({ azuritePid: azurite.pid }));
