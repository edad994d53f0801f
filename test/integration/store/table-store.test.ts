import { afterAll } from 'vitest';
import { connectTable } from '../../../src/store/tables/connect.ts';
import { describeStore } from '../../contract/store.contract.ts';
import { startAzurite } from '../../support/azurite.ts';

const azurite = await startAzurite();
afterAll(() => azurite.close());

let tables = 0;

describeStore(
  'Azurite',
  async () => {
    const where = { kind: 'connection-string', connectionString: azurite.connectionString } as const;
    return connectTable({ table: `store${++tables}`, where }).rows;
  },
  { runs: 20 },
);
