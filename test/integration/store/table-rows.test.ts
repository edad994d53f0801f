import { afterAll } from 'vitest';
import { connectTable } from '../../../src/store/tables/connect.ts';
import { describeRows } from '../../contract/rows.contract.ts';
import { startAzurite } from '../../support/azurite.ts';

const azurite = await startAzurite();
afterAll(() => azurite.close());
const connected = connectTable({ table: 'scepwatch', where: { kind: 'connection-string', connectionString: azurite.connectionString } });

describeRows('Azurite', async () => connected.rows);
