/**
 * What the monitor needs of a table: rows in partitions, ordered by key, changed together or not at all.
 * Azure Table Storage is the real one; memory is the other; the journal stands in front of the embedded one.
 * All of them pass test/contract/rows.contract.ts.
 */

/** `bigint` is Int64 in the table. There are no dates: epoch milliseconds are a `bigint`. Nothing is stored for `undefined`. */
export type RowValue = string | number | boolean | bigint;

export interface Row {
  readonly rowKey: string;
  readonly values: Readonly<Record<string, RowValue>>;
}

export interface StoredRow extends Row {
  /** Changes with every write of the row. Opaque. */
  readonly etag: string;
}

/** One change of one row; `insert` and an `etag` make the whole transaction depend on what was read before. */
export type RowChange =
  /** Conflict when the row exists. */
  | { readonly kind: 'insert'; readonly row: Row }
  /** Conflict when the row is gone or has been written since `etag`. */
  | { readonly kind: 'replace'; readonly row: Row; readonly etag: string }
  /** Inserts or replaces, whatever is there. */
  | { readonly kind: 'upsert'; readonly row: Row }
  /** Conflict when `etag` is given and the row is gone or has been written since; without it a missing row is fine. */
  | { readonly kind: 'delete'; readonly rowKey: string; readonly etag?: string };

export interface RowRange {
  readonly partitionKey: string;
  /** First row key, inclusive; from the first row when absent. Order is that of the UTF-16 code units. */
  readonly from?: string;
  /** End, exclusive; to the last row when absent. */
  readonly before?: string;
  /** At most so many rows; all of them when absent. */
  readonly limit?: number;
  /** Only these of the values, empty for none; all of them when absent. */
  readonly columns?: readonly string[];
}

/** `conflict`: nothing of the transaction was written, because a row was not as the caller had read it. */
export type CommitOutcome = 'committed' | 'conflict';

export interface Rows {
  /** undefined when there is no such row. */
  readonly get: (partitionKey: string, rowKey: string, signal?: AbortSignal) => Promise<StoredRow | undefined>;
  /** In ascending order of the row keys, all pages of the service put together. */
  readonly list: (range: RowRange, signal?: AbortSignal) => Promise<readonly StoredRow[]>;
  /**
   * One entity-group transaction: 1 to 100 changes in one partition, no row twice, all or nothing.
   * After a torn connection a commit that had been written may answer `conflict`: callers that care put an id of their own
   * into a row and look for it.
   */
  readonly commit: (partitionKey: string, changes: readonly RowChange[], signal?: AbortSignal) => Promise<CommitOutcome>;
}

/** The store cannot be used now (`unavailable`: try later) or at all as configured (`refused`: somebody has to act). */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly kind: 'unavailable' | 'refused';

  constructor(kind: 'unavailable' | 'refused', message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** A change that Table Storage would not take: our own mistake, found before anything is sent. */
export class RowLimitError extends Error {
  override readonly name = 'RowLimitError';
}
