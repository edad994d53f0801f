import { asciiJson } from './ascii-json.ts';
import { type Row, type RowChange, RowLimitError, type RowRange, type RowValue } from './rows.ts';
import { isInt32 } from './stored-values.ts';

/**
 * The limits of Azure Table Storage, checked before anything is sent, because Azurite and memory do not know them:
 * https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
 * No message repeats a value.
 */

const KIB = 1024;
const MIB = 1024 * KIB;
/** 1 KiB of UTF-16. */
const MAX_KEY_UNITS = 512;
/** Room for a key and something behind it. */
const MAX_BOUND_UNITS = 2 * MAX_KEY_UNITS;
/** 64 KiB of UTF-16. */
const MAX_TEXT_UNITS = 32_768;
const MAX_NAME_UNITS = 255;
/** 255 with PartitionKey, RowKey and Timestamp. */
const MAX_PROPERTIES = 252;
const MAX_ROW_BYTES = MIB;
export const MAX_TRANSACTION_BYTES = 4 * MIB;
export const MAX_CHANGES = 100;

/** Request line, headers and boundaries of one change; they are about half of that. */
const ENVELOPE_BYTES = KIB;
/** A character of a key in an address: %E2%82%AC. */
const URL_UNIT_BYTES = 9;
/** JSON has at most so many bytes for each byte that counts: a character of two is \\u20ac, and a name stands there up to twice. */
const JSON_GROWTH = 6;

/** A C# identifier, without the formatting characters that no XML reader takes. */
const PROPERTY_NAME = /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*$/u;
/** Of the service (PartitionKey, RowKey, Timestamp) or of the library, which would take them for the service's. */
const RESERVED_NAMES = new Set(['partitionkey', 'rowkey', 'timestamp', 'etag', '__proto__']);
const KEY_FORBIDDEN = /[/\\#?\u0000-\u001f\u007f-\u009f]/u;
const BOUND_FORBIDDEN = /[\u0000-\u001f\u007f-\u009f]/u;
const ETAG = /^[\u0020-\u007e]+$/;

/**
 * Bytes that Table Storage counts for a row: 4, two for each character of the keys, and for each property 8, two for each
 * character of the name, and the value.
 */
export function rowSize(partitionKey: string, row: Row): number {
  const keys = 2 * (partitionKey.length + row.rowKey.length);
  return Object.entries(row.values).reduce(
    (sum, [name, value]) => sum + (value === undefined ? 0 : 8 + 2 * name.length + valueSize(value)),
    4 + keys,
  );
}

function valueSize(value: RowValue): number {
  if (typeof value === 'string') return 2 * value.length + 4;
  if (typeof value === 'boolean') return 1;
  return typeof value === 'number' && isInt32(value) ? 4 : 8;
}

/** @throws RowLimitError when the keys cannot be those of a row. */
export function checkKeys(partitionKey: string, rowKey: string): void {
  checkKey('partition key', partitionKey);
  checkKey('row key', rowKey);
}

function checkKey(what: string, key: string): void {
  const refuse = (why: string): never => refused(`${what} ${quoted(key)} ${why}`);
  if (key.length === 0) refuse('is empty');
  if (key.length > MAX_KEY_UNITS) refuse(`has ${key.length} characters; a key has at most ${MAX_KEY_UNITS}`);
  if (!key.isWellFormed()) refuse('holds half a character');
  const forbidden = KEY_FORBIDDEN.exec(key);
  if (forbidden !== null) refuse(`holds ${characterName(forbidden[0])}; a key holds no / \\ # ? and no control character`);
}

/** @throws RowLimitError when no table could be asked for the range. */
export function checkRange({ partitionKey, from, before, limit, columns = [] }: RowRange): void {
  checkKey('partition key', partitionKey);
  checkBound('first row key', from);
  checkBound('end of the row keys', before);
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 0))
    refused(`a list from partition ${quoted(partitionKey)} has limit ${limit}; a limit is a whole number from 0`);
  for (const column of columns) checkName(`a list from partition ${quoted(partitionKey)}`, column);
}

/** The end of a range is no key: what comes after a prefix may well be a `/`. */
function checkBound(what: string, bound: string | undefined): void {
  if (bound === undefined) return;
  if (bound.length > MAX_BOUND_UNITS) refused(`${what} ${quoted(bound)} has ${bound.length} characters; it has at most ${MAX_BOUND_UNITS}`);
  if (!bound.isWellFormed()) refused(`${what} ${quoted(bound)} holds half a character`);
  const forbidden = BOUND_FORBIDDEN.exec(bound);
  if (forbidden !== null) refused(`${what} ${quoted(bound)} holds ${characterName(forbidden[0])}, which no filter can carry`);
}

/** @throws RowLimitError when Table Storage would not take the transaction, whatever is in the table. */
export function checkChanges(partitionKey: string, changes: readonly RowChange[]): void {
  if (changes.length === 0 || changes.length > MAX_CHANGES)
    refused(`a transaction in partition ${quoted(partitionKey)} has ${changes.length} changes; it takes 1 to ${MAX_CHANGES}`);
  const seen = new Set<string>();
  for (const change of changes) {
    const rowKey = keyOf(change);
    checkKeys(partitionKey, rowKey);
    if (seen.has(rowKey)) refused(`${rowName(partitionKey, rowKey)} stands twice in one transaction; a row may stand in it once`);
    seen.add(rowKey);
    if ('row' in change) checkRow(partitionKey, change.row);
    if ('etag' in change && change.etag !== undefined) checkEtag(partitionKey, rowKey, change.etag);
  }
  checkTransactionSize(partitionKey, changes);
}

export function keyOf(change: RowChange): string {
  return change.kind === 'delete' ? change.rowKey : change.row.rowKey;
}

/** `*` would match every row and turn a condition into none; a line break would be a header of its own. */
function checkEtag(partitionKey: string, rowKey: string, etag: string): void {
  if (etag === '*' || !ETAG.test(etag)) refused(`${rowName(partitionKey, rowKey)}: the etag is none that a table gave`);
}

function checkRow(partitionKey: string, row: Row): void {
  const name = rowName(partitionKey, row.rowKey);
  const properties = Object.entries(row.values).filter(([, value]) => value !== undefined);
  if (properties.length > MAX_PROPERTIES) refused(`${name} has ${properties.length} properties; a row has at most ${MAX_PROPERTIES}`);
  for (const [property, value] of properties) {
    checkName(name, property);
    checkValue(`${name}, property ${quoted(property)}`, value);
  }
  const size = rowSize(partitionKey, row);
  if (size > MAX_ROW_BYTES) refused(`${name} has ${size} bytes; a row has at most ${MAX_ROW_BYTES}`);
  // Azurite counts the JSON; so a row that one store takes is taken by all of them.
  if (size * JSON_GROWTH <= MAX_ROW_BYTES) return;
  const json = jsonSize(partitionKey, row);
  if (json > MAX_ROW_BYTES) refused(`${name} has ${json} bytes of JSON; a row has at most ${MAX_ROW_BYTES}`);
}

function checkName(row: string, name: string): void {
  const refuse = (why: string): never => refused(`${row}, property ${quoted(name)}: ${why}`);
  if (name.length > MAX_NAME_UNITS) refuse(`the name has ${name.length} characters; it has at most ${MAX_NAME_UNITS}`);
  if (RESERVED_NAMES.has(name.toLowerCase())) refuse('the name is reserved');
  if (!PROPERTY_NAME.test(name)) refuse('the name is not an identifier: a letter or _, then letters, digits and _');
}

function checkValue(where: string, value: RowValue): void {
  switch (typeof value) {
    case 'string':
      if (value.length > MAX_TEXT_UNITS) refused(`${where} has ${value.length} characters; a text has at most ${MAX_TEXT_UNITS}`);
      return;
    case 'number':
      if (!Number.isFinite(value)) refused(`${where} is not a finite number`);
      return;
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value) refused(`${where} does not fit into 64 bits with sign`);
      return;
    case 'boolean':
      return;
    default:
      refused(`${where} is ${value === null ? 'null' : `of type ${typeof value}`}; a value is a string, number, boolean or bigint`);
  }
}

/** The service counts the body of the request; the sum of the rows stays below the limit too, should it ever count those. */
function checkTransactionSize(partitionKey: string, changes: readonly RowChange[]): void {
  const rows = changes.reduce((sum, change) => sum + ('row' in change ? rowSize(partitionKey, change.row) : 0), 0);
  const size = Math.max(rows, requestSize(partitionKey, changes));
  if (size > MAX_TRANSACTION_BYTES)
    refused(`a transaction in partition ${quoted(partitionKey)} has ${size} bytes; it takes at most ${MAX_TRANSACTION_BYTES}`);
}

/** At least as many bytes as the request will have. */
function requestSize(partitionKey: string, changes: readonly RowChange[]): number {
  const atMost = changes.reduce((sum, change) => sum + largestSize(partitionKey, change), 0);
  // Mostly that answers the question without writing any JSON.
  if (atMost <= MAX_TRANSACTION_BYTES) return atMost;
  return changes.reduce(
    (sum, change) => sum + envelopeSize(partitionKey, change) + ('row' in change ? jsonSize(partitionKey, change.row) : 0),
    0,
  );
}

/** At least as many bytes as the change will have in a request, without writing it. */
export function largestSize(partitionKey: string, change: RowChange): number {
  return envelopeSize(partitionKey, change) + ('row' in change ? JSON_GROWTH * rowSize(partitionKey, change.row) : 0);
}

function envelopeSize(partitionKey: string, change: RowChange): number {
  return ENVELOPE_BYTES + URL_UNIT_BYTES * (partitionKey.length + keyOf(change).length);
}

/** At least the length of the JSON: a number has up to 24 characters, and its type stands beside it with the name once more. */
function jsonSize(partitionKey: string, { rowKey, values }: Row): number {
  return Object.entries(values).reduce(
    (sum, [name, value]) =>
      sum + (typeof value === 'string' ? asciiJson(name).length + asciiJson(value).length + 2 : 2 * asciiJson(name).length + 52),
    asciiJson(partitionKey).length + asciiJson(rowKey).length + 28,
  );
}

/** For messages; an escaped and shortened key is still enough to find the row. */
export function rowName(partitionKey: string, rowKey: string): string {
  return `row ${quoted(rowKey)} of partition ${quoted(partitionKey)}`;
}

export function quoted(key: string): string {
  return asciiJson(key.length > 80 ? `${key.slice(0, 80)}…` : key);
}

function characterName(character: string): string {
  return /[!-~]/.test(character) ? character : `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function refused(message: string): never {
  throw new RowLimitError(message);
}
