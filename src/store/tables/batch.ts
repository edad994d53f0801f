import { RestError } from '@azure/core-rest-pipeline';
import { keyOf } from '../limits.ts';
import type { RowChange } from '../rows.ts';
import { entityJson } from './entity.ts';
import { bodyCode } from './failure.ts';

/**
 * Entity-group transactions, written here and not by the library: its transactions cannot delete a row on condition
 * (`TableTransaction.deleteEntity` takes no etag), and it reads an answer with no parts as a success.
 * https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
 */

const LINE = '\r\n';

export interface BatchRequest {
  readonly contentType: string;
  readonly body: string;
}

/** `tableUrl` has no query; `id` is new for each request. */
export function batchRequest(tableUrl: string, partitionKey: string, changes: readonly RowChange[], id: string): BatchRequest {
  const lines = [
    `--batch_${id}`,
    `Content-Type: multipart/mixed; boundary=changeset_${id}`,
    '',
    ...changes.flatMap((change) => [
      `--changeset_${id}`,
      'Content-Type: application/http',
      'Content-Transfer-Encoding: binary',
      '',
      ...changeLines(tableUrl, partitionKey, change),
    ]),
    `--changeset_${id}--`,
    `--batch_${id}--`,
    '',
  ];
  return { contentType: `multipart/mixed; boundary=batch_${id}`, body: lines.join(LINE) };
}

function changeLines(tableUrl: string, partitionKey: string, change: RowChange): readonly string[] {
  const row = `${tableUrl}(PartitionKey='${urlKey(partitionKey)}',RowKey='${urlKey(keyOf(change))}')`;
  switch (change.kind) {
    case 'insert':
      return [`POST ${tableUrl} HTTP/1.1`, 'Prefer: return-no-content', ...entityLines(entityJson(partitionKey, change.row))];
    case 'replace':
      return [`PUT ${row} HTTP/1.1`, `If-Match: ${change.etag}`, ...entityLines(entityJson(partitionKey, change.row))];
    case 'upsert':
      return [`PUT ${row} HTTP/1.1`, ...entityLines(entityJson(partitionKey, change.row))];
    case 'delete':
      return [`DELETE ${row} HTTP/1.1`, `If-Match: ${change.etag ?? '*'}`, ...COMMON_HEADERS, '', ''];
  }
}

const COMMON_HEADERS = ['Accept: application/json;odata=minimalmetadata', 'DataServiceVersion: 3.0'];

function entityLines(json: string): readonly string[] {
  return [...COMMON_HEADERS, 'Content-Type: application/json', '', json];
}

/** A quote is doubled inside a literal of OData. */
function urlKey(key: string): string {
  return encodeURIComponent(key.replaceAll("'", "''"));
}

/**
 * Reads the answer to a transaction of `count` changes.
 * @throws RestError with the status and the code of the change that failed; an Error when the answer is not complete.
 */
export function readBatchAnswer(body: string, count: number): void {
  const parts = body.split('--changesetresponse_').slice(1, -1);
  const statuses = parts.map((part) => Number(/^HTTP\/1\.1 (\d{3})/m.exec(part)?.[1]));
  const failed = statuses.findIndex((status) => status >= 400);
  if (failed !== -1) {
    const code = bodyCode(parts[failed]);
    throw new RestError('a change of the transaction was declined', {
      statusCode: statuses[failed] ?? 0,
      ...(code !== undefined && { code }),
    });
  }
  if (statuses.length !== count || !statuses.every((status) => status >= 200 && status < 300))
    throw new Error('the answer does not cover every change');
}
