import { describe, expect, it } from 'vitest';
import { StoreError } from '../../../src/store/rows.ts';
import { connectTable } from '../../../src/store/tables/connect.ts';
import { parseConnectionString, parseEndpoint } from '../../../src/store/tables/connection-string.ts';

const KEY = 'c2VjcmV0LWtleS10aGF0LW5vYm9keS1tYXktc2Vl';

function problem(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'refused') return error.message;
    throw error;
  }
  return 'none';
}

describe('a connection string', () => {
  it('of an account names its endpoint', () => {
    expect(
      parseConnectionString(`DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=${KEY}==;EndpointSuffix=core.windows.net`),
    ).toEqual({
      url: 'https://contoso.table.core.windows.net',
      name: 'contoso',
      key: `${KEY}==`,
    });
  });

  it('may leave out what goes without saying, in any order and case', () => {
    expect(parseConnectionString(` accountkey=${KEY} ; ACCOUNTNAME=contoso;;`)).toEqual({
      url: 'https://contoso.table.core.windows.net',
      name: 'contoso',
      key: KEY,
    });
  });

  it('may name the endpoint itself', () => {
    const { url } = parseConnectionString(`AccountName=contoso;AccountKey=${KEY};TableEndpoint=https://contoso.privatelink.example/;`);
    expect(url).toBe('https://contoso.privatelink.example');
  });

  it('may hold a shared access signature', () => {
    expect(parseConnectionString('TableEndpoint=https://contoso.table.core.windows.net;SharedAccessSignature=?sv=2019&sig=abc%3D')).toEqual(
      {
        url: 'https://contoso.table.core.windows.net',
        signature: 'sv=2019&sig=abc%3D',
      },
    );
  });

  it.each(['UseDevelopmentStorage=true', 'usedevelopmentstorage=TRUE;'])('%s is the emulator', (text) => {
    expect(parseConnectionString(text)).toMatchObject({ url: 'http://127.0.0.1:10002/devstoreaccount1', name: 'devstoreaccount1' });
  });

  it.each(['127.0.0.1', '127.1.2.3', 'localhost', '[::1]'])('may use http on %s', (host) => {
    expect(parseConnectionString(`AccountName=a;AccountKey=${KEY};TableEndpoint=http://${host}:10002/a`)).toMatchObject({
      url: `http://${host}:10002/a`,
    });
  });

  it.each<[string, string]>([
    ['', 'connection string: it is empty'],
    [' ; ', 'connection string: it is empty'],
    [KEY, 'connection string: part 1 of 1 is no name=value'],
    [`AccountName=contoso;${KEY}`, 'connection string: part 2 of 2 is no name=value'],
    [`AccountName=contoso;=${KEY}`, 'connection string: part 2 of 2 is no name=value'],
    [`AccountKey=${KEY}`, 'connection string: AccountName is missing'],
    ['AccountName=contoso', 'connection string: AccountKey is missing'],
    ['AccountName=contoso;AccountKey=', 'connection string: AccountKey is empty'],
    [`AccountName=contoso;AccountKey=${KEY}…`, 'connection string: AccountKey is not base64; was it cut off?'],
    [`AccountName=;AccountKey=${KEY}`, 'connection string: AccountName is empty'],
    ['SharedAccessSignature=sv=1&sig=secret', 'connection string: AccountName is missing'],
    [`AccountName=contoso;AccountKey=${KEY};TableEndpoint=contoso`, 'connection string: TableEndpoint: not a URL'],
    [`AccountName=contoso;AccountKey=${KEY};TableEndpoint=ftp://x`, 'connection string: TableEndpoint: not a URL'],
    [`AccountName=contoso;AccountKey=${KEY};TableEndpoint=https://u:${KEY}@x/`, 'a URL without credentials, query and fragment is needed'],
    [
      `AccountName=contoso;AccountKey=${KEY};TableEndpoint=https://x/?sig=${KEY}`,
      'a URL without credentials, query and fragment is needed',
    ],
    [`AccountName=contoso;AccountKey=${KEY};TableEndpoint=http://contoso.example/`, 'http is only for an emulator on this machine'],
    [`AccountName=contoso;AccountKey=${KEY};TableEndpoint=http://127.0.0.1.example/`, 'http is only for an emulator on this machine'],
    [`DefaultEndpointsProtocol=http;AccountName=contoso;AccountKey=${KEY}`, 'http is only for an emulator on this machine'],
  ])('%j is refused', (text, message) => {
    expect(problem(() => parseConnectionString(text))).toContain(message);
    expect(problem(() => parseConnectionString(text))).not.toMatch(/c2Vjc|secret/);
  });
});

describe('an endpoint', () => {
  it('is a URL without a slash at its end', () => {
    expect(parseEndpoint(' https://contoso.table.core.windows.net/ ')).toBe('https://contoso.table.core.windows.net');
  });

  it.each<[string, string]>([
    ['contoso', 'table endpoint: not a URL such as https://account.table.core.windows.net'],
    ['http://contoso.table.core.windows.net', 'table endpoint: http is only for an emulator'],
    ['http://127.0.0.1:10002/devstoreaccount1', 'table endpoint: http is only for an emulator'],
    ['https://contoso.table.core.windows.net/?sv=1&sig=secret', 'table endpoint: a URL without credentials, query and fragment is needed'],
  ])('%j is refused', (text, message) => {
    expect(problem(() => parseEndpoint(text))).toContain(message);
    expect(problem(() => parseEndpoint(text))).not.toContain('secret');
  });
});

describe('connecting', () => {
  const connectionString = 'UseDevelopmentStorage=true';

  it.each(['', 'ab', 'a_b', '1abc', 'a'.repeat(64), 'scep-watch'])('refuses the table name %j', (table) => {
    expect(problem(() => connectTable({ table, where: { kind: 'connection-string', connectionString } }))).toContain(
      'the name of the table is none',
    );
  });

  it('sends nothing and loads no identity', () => {
    const httpClient = { sendRequest: () => Promise.reject(new Error('nothing is sent')) };
    connectTable({ table: 'scepwatch', where: { kind: 'connection-string', connectionString } }, { httpClient });
    connectTable({ table: 'scepwatch', where: { kind: 'endpoint', endpoint: 'https://contoso.table.core.windows.net' } }, { httpClient });
  });
});
