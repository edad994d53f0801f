import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import type { RowChange } from '../../../src/store/rows.ts';
import { connectTable } from '../../../src/store/tables/connect.ts';
import { startAzurite } from '../../support/azurite.ts';

/** What happens to the next answer or request that passes. */
type Fault = 'reset before the request' | 'reset before the answer' | 'half of the answer' | 'no answer';

const azurite = await startAzurite();
afterAll(() => azurite.close());
const azuritePort = Number(/:(\d+)\/devstoreaccount1/.exec(azurite.connectionString)?.[1]);

/** Stands in front of Azurite and breaks what it is told to, on real sockets. */
const faults: Fault[] = [];
const proxy = createServer((client) => {
  const upstream = dial(azuritePort, '127.0.0.1');
  const end = (socket: Socket) => () => socket.destroy();
  client.on('error', end(upstream)).on('close', end(upstream));
  upstream.on('error', end(client)).on('close', end(client));
  client.on('data', (bytes) => {
    if (faults[0] !== 'reset before the request') upstream.write(bytes);
    else if (faults.shift()) client.resetAndDestroy();
  });
  upstream.on('data', (bytes) => {
    const fault = faults.shift();
    if (fault === undefined) client.write(bytes);
    else if (fault === 'reset before the answer') client.resetAndDestroy();
    else if (fault === 'half of the answer') client.end(bytes.subarray(0, bytes.length - 10));
  });
}).listen(0, '127.0.0.1');
await once(proxy, 'listening');
afterAll(() => proxy.close());

const address = proxy.address();
const port = typeof address === 'object' ? address?.port : undefined;
const { rows } = connectTable(
  {
    table: 'scepwatch',
    where: { kind: 'connection-string', connectionString: azurite.connectionString.replace(`:${azuritePort}/`, `:${port}/`) },
  },
  { tryMs: 250, delay: async () => {} },
);
await rows.commit('p', [{ kind: 'upsert', row: { rowKey: 'r', values: { n: 1 } } }]);

describe.each<Fault>(['reset before the request', 'reset before the answer', 'half of the answer', 'no answer'])('%s', (fault) => {
  const insert = (rowKey: string): RowChange => ({ kind: 'insert', row: { rowKey, values: { n: 1 } } });

  it('does not disturb reading', async () => {
    faults.push(fault);
    expect((await rows.get('p', 'r'))?.values).toEqual({ n: 1 });
    faults.push(fault, fault);
    expect(await rows.list({ partitionKey: 'p', before: 's' })).toHaveLength(1);
    expect(faults).toEqual([]);
  });

  it('does not disturb writing without conditions', async () => {
    faults.push(fault);
    const changes: readonly RowChange[] = [
      { kind: 'upsert', row: { rowKey: 'u', values: { fault } } },
      { kind: 'delete', rowKey: 'gone' },
    ];
    expect(await rows.commit('q', changes)).toBe('committed');
    expect((await rows.list({ partitionKey: 'q' })).map(({ values }) => values)).toEqual([{ fault }]);
    expect(faults).toEqual([]);
  });

  it('writes an insert once, whatever it is called', async () => {
    faults.push(fault);
    const outcome = await rows.commit(fault, [insert('a'), insert('b')]);
    expect(outcome).toBe(fault === 'reset before the request' ? 'committed' : 'conflict');
    expect((await rows.list({ partitionKey: fault })).map(({ rowKey }) => rowKey)).toEqual(['a', 'b']);
    expect(faults).toEqual([]);
  });

  it('is unavailable when it does not end', async () => {
    faults.push(fault, fault, fault, fault);
    await expect(rows.get('p', 'r')).rejects.toMatchObject({
      name: 'StoreError',
      kind: 'unavailable',
      message: expect.stringContaining('last of 4 tries'),
    });
    expect(faults).toEqual([]);
  });
});

describe('a server that is gone', () => {
  it('is unavailable, and says so', async () => {
    const connectionString = azurite.connectionString.replace(`:${azuritePort}/`, ':1/');
    const gone = connectTable({ table: 'scepwatch', where: { kind: 'connection-string', connectionString } }, { delay: async () => {} });
    await expect(gone.rows.get('p', 'r')).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'reading row "r" of partition "p": nothing listens at the endpoint (ECONNREFUSED) (last of 4 tries)',
    });
  });
});
