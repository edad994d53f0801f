import { asciiJson } from './ascii-json.ts';
import type { RowChange, RowValue } from './rows.ts';
import { storedValues } from './stored-values.ts';

/** What a commit leaves behind, without its conditions: they were true when it was written down. */
export type Leftover =
  | { readonly rowKey: string; readonly values: Readonly<Record<string, RowValue>> }
  /** The row is gone. */
  | { readonly rowKey: string; readonly values?: undefined };

export interface JournalEntry {
  /** Of this commit alone. */
  readonly id: string;
  /** Epoch milliseconds; for people who read the file. */
  readonly at: number;
  readonly partitionKey: string;
  readonly rows: readonly Leftover[];
}

/** Takes back the entry with this id, if there is one: the storage never had it. */
export interface Withdrawal {
  readonly withdrawn: string;
}

export function leftovers(changes: readonly RowChange[]): readonly Leftover[] {
  return changes.map((change) =>
    change.kind === 'delete' ? { rowKey: change.rowKey } : { rowKey: change.row.rowKey, values: storedValues(change.row.values) },
  );
}

/** One line, without its end. A bigint is `{"int64":"…"}`; no other value is an object. */
export function encodeEntry({ id, at, partitionKey, rows }: JournalEntry): string {
  return asciiJson({
    id,
    at,
    partitionKey,
    rows: rows.map(({ rowKey, values }) => ({ rowKey, ...(values && { values: encodeValues(values) }) })),
  });
}

function encodeValues(values: Readonly<Record<string, RowValue>>): unknown {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'bigint' ? { int64: value.toString() } : value]),
  );
}

export function encodeWithdrawal({ withdrawn }: Withdrawal): string {
  return asciiJson({ withdrawn });
}

/** undefined when the line is damaged. */
export function decodeLine(line: string): JournalEntry | Withdrawal | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return isObject(parsed) && typeof parsed.withdrawn === 'string' ? { withdrawn: parsed.withdrawn } : readEntry(parsed);
  } catch {
    return undefined;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function readEntry(parsed: unknown): JournalEntry | undefined {
  if (!isObject(parsed)) return undefined;
  const { id, at, partitionKey, rows } = parsed;
  if (typeof id !== 'string' || typeof at !== 'number' || typeof partitionKey !== 'string' || !Array.isArray(rows)) return undefined;
  const read = rows.map(readRow);
  return read.every((row) => row !== undefined) ? { id, at, partitionKey, rows: read } : undefined;
}

function readRow(row: unknown): Leftover | undefined {
  if (!isObject(row) || typeof row.rowKey !== 'string') return undefined;
  if (row.values === undefined) return { rowKey: row.rowKey };
  if (!isObject(row.values)) return undefined;
  const values = Object.entries(row.values).map(([name, value]): readonly [string, RowValue | undefined] => [name, readValue(value)]);
  return values.every(isComplete) ? { rowKey: row.rowKey, values: Object.fromEntries(values) } : undefined;
}

function readValue(value: unknown): RowValue | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return isObject(value) && typeof value.int64 === 'string' ? BigInt(value.int64) : undefined;
}

function isComplete(entry: readonly [string, RowValue | undefined]): entry is readonly [string, RowValue] {
  return entry[1] !== undefined;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
