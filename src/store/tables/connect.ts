import { createDefaultHttpClient, type HttpClient } from '@azure/core-rest-pipeline';
import { AzureNamedKeyCredential, AzureSASCredential, TableClient, type TableServiceClientOptions } from '@azure/data-tables';
import { type Rows, StoreError } from '../rows.ts';
import { ATTEMPT_TOOLS, type AttemptTools } from './attempt.ts';
import { type Account, parseConnectionString, parseEndpoint } from './connection-string.ts';
import { firstLine } from './failure.ts';
import { createTable, deleteTable, type TableConnection, tableRows } from './table-rows.ts';

export interface TableLocation {
  /** 3 to 63 letters and digits, a letter first. */
  readonly table: string;
  readonly where:
    | { readonly kind: 'connection-string'; readonly connectionString: string }
    /** With the identity of the environment; `clientId` names one of several managed identities. */
    | { readonly kind: 'endpoint'; readonly endpoint: string; readonly clientId?: string };
}

export interface ConnectOptions extends Partial<AttemptTools> {
  readonly httpClient?: HttpClient;
}

export interface ConnectedTable {
  readonly rows: Rows;
  /** Does nothing when the table is there. */
  readonly createTable: (signal?: AbortSignal) => Promise<void>;
  /** Does nothing when the table is not there. In Azure its name cannot be used again for some 40 seconds. */
  readonly deleteTable: (signal?: AbortSignal) => Promise<void>;
}

/**
 * Nothing is sent and no identity is loaded before the first use.
 * @throws StoreError `refused` when the location cannot be meant.
 */
export function connectTable({ table, where }: TableLocation, options: ConnectOptions = {}): ConnectedTable {
  if (!/^[A-Za-z][A-Za-z0-9]{2,62}$/.test(table))
    throw new StoreError('refused', 'the name of the table is none: 3 to 63 letters and digits, a letter first');
  const { httpClient, ...tools } = options;
  const http = httpClient ?? createDefaultHttpClient();
  const connection: TableConnection = {
    client: where.kind === 'endpoint' ? identityClient(table, where, http) : accountClient(table, where.connectionString, http),
    http,
    tools: { ...ATTEMPT_TOOLS, ...tools },
  };
  return {
    rows: tableRows(connection),
    createTable: (signal) => createTable(connection, signal),
    deleteTable: (signal) => deleteTable(connection, signal),
  };
}

/** Repeating is done in attempt.ts, in one place for all requests. */
function clientOptions(url: string, httpClient: HttpClient): TableServiceClientOptions {
  return { httpClient, retryOptions: { maxRetries: 0 }, allowInsecureConnection: url.startsWith('http:') };
}

function accountClient(table: string, connectionString: string, http: HttpClient): () => Promise<TableClient> {
  const account = parseConnectionString(connectionString);
  const client = signedClient(table, account, clientOptions(account.url, http));
  return async () => client;
}

function signedClient(table: string, account: Account, options: TableServiceClientOptions): TableClient {
  return 'key' in account
    ? new TableClient(account.url, table, new AzureNamedKeyCredential(account.name, account.key), options)
    : new TableClient(account.url, table, new AzureSASCredential(account.signature), options);
}

/** @azure/identity takes a good part of a second to load, and most processes on a desk never need it. */
function identityClient(
  table: string,
  { endpoint, clientId }: { readonly endpoint: string; readonly clientId?: string },
  http: HttpClient,
): () => Promise<TableClient> {
  const url = parseEndpoint(endpoint);
  let client: Promise<TableClient> | undefined;
  const connect = async (): Promise<TableClient> => {
    const { DefaultAzureCredential } = await import('@azure/identity');
    const credential = new DefaultAzureCredential(clientId === undefined ? {} : { managedIdentityClientId: clientId });
    return new TableClient(url, table, credential, clientOptions(url, http));
  };
  return () => {
    client ??= connect().catch((error: unknown) => {
      client = undefined;
      // It reads the environment, and names the variable that it does not like.
      throw new StoreError('refused', `no identity can be used: ${firstLine(error instanceof Error ? error.message : String(error))}`);
    });
    return client;
  };
}
