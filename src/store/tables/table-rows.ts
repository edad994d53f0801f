import { randomUUID } from 'node:crypto';
import { createHttpHeaders, createPipelineRequest, type HttpClient, RestError } from '@azure/core-rest-pipeline';
import type { TableClient } from '@azure/data-tables';
import { inParallel } from '../../app/in-parallel.ts';
import { checkChanges, checkKeys, checkRange, keyOf, quoted, rowName } from '../limits.ts';
import { type CommitOutcome, type RowChange, type RowRange, type Rows, type StoredRow, StoreError } from '../rows.ts';
import { withColumns } from '../stored-values.ts';
import { type Attempted, type AttemptTools, attempt } from './attempt.ts';
import { batchRequest, readBatchAnswer } from './batch.ts';
import { storedRow } from './entity.ts';
import { NO_CODE } from './failure.ts';

/** One table of a storage account. */
export interface TableConnection {
  /** Made on first use, because an identity may have to be loaded first. */
  readonly client: () => Promise<TableClient>;
  readonly http: HttpClient;
  readonly tools: AttemptTools;
}

/** The service gives no more in one page. */
const MAX_PAGE = 1_000;
/** How often rows may appear and vanish under a transaction before it is given up. */
const MAX_ROUNDS = 5;
const LOOKUPS_AT_ONCE = 10;
/** In messages. */
const NAMED_CHANGES = 5;

/** Rows in Azure Table Storage or Azurite. A table that is not there is created by whatever needs it first. */
export function tableRows(connection: TableConnection): Rows {
  return {
    get: (partitionKey, rowKey, signal) => get(connection, partitionKey, rowKey, signal),
    list: (range, signal) => list(connection, range, signal),
    commit: (partitionKey, changes, signal) => commit(connection, partitionKey, changes, signal),
  };
}

async function get(
  connection: TableConnection,
  partitionKey: string,
  rowKey: string,
  signal: AbortSignal | undefined,
): Promise<StoredRow | undefined> {
  checkKeys(partitionKey, rowKey);
  const what = `reading ${rowName(partitionKey, rowKey)}`;
  const result = await withTable(connection, what, signal, async (abortSignal) => {
    const client = await connection.client();
    return storedRow(await client.getEntity(partitionKey, rowKey, { disableTypeConversion: true, abortSignal }));
  });
  if (result.ok) return result.value;
  if (result.code === 'ResourceNotFound' || result.code === 'EntityNotFound') return undefined;
  throw declined(what, result);
}

interface Page {
  readonly rows: readonly StoredRow[];
  readonly next?: string;
}

async function list(connection: TableConnection, range: RowRange, signal: AbortSignal | undefined): Promise<readonly StoredRow[]> {
  checkRange(range);
  const { partitionKey, limit = Number.POSITIVE_INFINITY } = range;
  const what = `listing rows of partition ${quoted(partitionKey)}`;
  const rows: StoredRow[] = [];
  let token: string | undefined;
  while (rows.length < limit) {
    const from = token;
    const result = await withTable(connection, what, signal, (abortSignal) =>
      readPage(connection, range, limit - rows.length, from, abortSignal),
    );
    if (!result.ok) throw declined(what, result);
    // A page may be empty and still not be the last.
    rows.push(...result.value.rows);
    token = result.value.next;
    if (token === undefined) break;
    if (token === from) throw new StoreError('unavailable', `${what}: the service does not get beyond one page`);
  }
  return rows;
}

async function readPage(
  { client }: TableConnection,
  range: RowRange,
  wanted: number,
  continuationToken: string | undefined,
  abortSignal: AbortSignal,
): Promise<Page> {
  const { columns } = range;
  const queryOptions = { filter: filterOf(range), ...(columns !== undefined && { select: ['RowKey', ...columns] }) };
  const pages = (await client()).listEntities({ queryOptions, disableTypeConversion: true, abortSignal }).byPage({
    maxPageSize: Math.min(wanted, MAX_PAGE),
    ...(continuationToken !== undefined && { continuationToken }),
  });
  const { value: page } = await pages.next();
  if (!Array.isArray(page)) throw new Error('a list that is none');
  const rows = page.map(storedRow);
  const next: unknown = 'continuationToken' in page ? page.continuationToken : undefined;
  return {
    rows: columns === undefined ? rows : rows.map((row) => withColumns(row, columns)),
    ...(typeof next === 'string' && next !== '' && { next }),
  };
}

function filterOf({ partitionKey, from, before }: RowRange): string {
  const conditions = [`PartitionKey eq ${literal(partitionKey)}`];
  if (from !== undefined) conditions.push(`RowKey ge ${literal(from)}`);
  if (before !== undefined) conditions.push(`RowKey lt ${literal(before)}`);
  return conditions.join(' and ');
}

/** A quote is doubled inside a literal of OData. */
function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

async function commit(
  connection: TableConnection,
  partitionKey: string,
  changes: readonly RowChange[],
  signal: AbortSignal | undefined,
): Promise<CommitOutcome> {
  checkChanges(partitionKey, changes);
  const what = describeCommit(partitionKey, changes);
  let left = changes;
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    if (left.length === 0) return 'committed';
    const result = await withTable(connection, what, signal, (abortSignal) => sendBatch(connection, partitionKey, left, abortSignal));
    if (result.ok) return 'committed';
    if (result.status === 412 || result.code === 'EntityAlreadyExists') return 'conflict';
    if (result.code !== 'ResourceNotFound' && result.code !== 'EntityNotFound') throw declined(what, result);
    // Some row is missing. For a condition that is a conflict; for a delete it is fine, but the service fails the whole transaction.
    // A row that comes back between the look and the next round stays: it was written after the delete.
    const missing = await missingDeletes(connection, partitionKey, left, signal);
    if (missing.size === 0 && left.some(isConditional)) return 'conflict';
    left = left.filter((change) => !missing.has(keyOf(change)));
  }
  throw new StoreError('unavailable', `${what}: rows came and went ${MAX_ROUNDS} times while they were being deleted`);
}

function describeCommit(partitionKey: string, changes: readonly RowChange[]): string {
  const named = changes.slice(0, NAMED_CHANGES).map((change) => `${change.kind} ${quoted(keyOf(change))}`);
  const more = changes.length > NAMED_CHANGES ? ` and ${changes.length - NAMED_CHANGES} more` : '';
  return `writing to partition ${quoted(partitionKey)} (${named.join(', ')}${more})`;
}

function isPlainDelete(change: RowChange): boolean {
  return change.kind === 'delete' && change.etag === undefined;
}

function isConditional(change: RowChange): boolean {
  return 'etag' in change && change.etag !== undefined;
}

async function missingDeletes(
  connection: TableConnection,
  partitionKey: string,
  changes: readonly RowChange[],
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string>> {
  const keys = changes.filter(isPlainDelete).map(keyOf);
  // The only change that could be missing is missing.
  if (keys.length === 1 && changes.length === 1) return new Set(keys);
  const found = await inParallel(keys, LOOKUPS_AT_ONCE, (key) => get(connection, partitionKey, key, signal));
  return new Set(keys.filter((_, index) => found[index] === undefined));
}

async function sendBatch(
  { client, http }: TableConnection,
  partitionKey: string,
  changes: readonly RowChange[],
  abortSignal: AbortSignal,
): Promise<void> {
  const { url, tableName, pipeline } = await client();
  const { contentType, body } = batchRequest(`${url}/${tableName}`, partitionKey, changes, randomUUID());
  const response = await pipeline.sendRequest(
    http,
    createPipelineRequest({
      url: `${url}/$batch`,
      method: 'POST',
      body,
      headers: createHttpHeaders({
        Accept: 'application/json',
        'Content-Type': contentType,
        DataServiceVersion: '3.0;',
        MaxDataServiceVersion: '3.0;NetFx',
        'x-ms-version': '2019-02-02',
      }),
      abortSignal,
      allowInsecureConnection: url.startsWith('http:'),
    }),
  );
  const { status: statusCode } = response;
  if (statusCode < 200 || statusCode >= 300)
    throw new RestError('the transaction was declined', { statusCode, response, request: response.request });
  readBatchAnswer(response.bodyAsText ?? '', changes.length);
}

/** Creates the table when it is missing, once, and tries again. */
async function withTable<Value>(
  connection: TableConnection,
  what: string,
  signal: AbortSignal | undefined,
  send: (signal: AbortSignal) => Promise<Value>,
): Promise<Attempted<Value>> {
  const first = await attempt(what, send, connection.tools, signal);
  if (first.ok || first.code !== 'TableNotFound') return first;
  await createTable(connection, signal);
  const second = await attempt(what, send, connection.tools, signal);
  if (!second.ok && second.code === 'TableNotFound')
    throw new StoreError('unavailable', `${what}: the table is missing although it has just been created`);
  return second;
}

/** Does nothing when the table is there. */
export async function createTable(connection: TableConnection, signal: AbortSignal | undefined): Promise<void> {
  const what = 'creating the table';
  const result = await attempt(
    what,
    async (abortSignal) => (await connection.client()).createTable({ abortSignal }),
    connection.tools,
    signal,
  );
  if (!result.ok && result.code !== 'TableAlreadyExists') throw declined(what, result);
}

/** Does nothing when the table is not there. */
export async function deleteTable(connection: TableConnection, signal: AbortSignal | undefined): Promise<void> {
  const what = 'deleting the table';
  const result = await attempt(
    what,
    async (abortSignal) => (await connection.client()).deleteTable({ abortSignal }),
    connection.tools,
    signal,
  );
  if (!result.ok) throw declined(what, result);
}

/** What the service declined although the limits were checked: our own mistake, or something else that answers there. */
function declined(what: string, { status, code }: { readonly status: number; readonly code: string }): Error {
  if (code === NO_CODE)
    return new StoreError('refused', `${what}: status ${status} without the code of a table service; is the endpoint right?`);
  return new Error(`${what}: the service declined it with ${status} ${code}`);
}
