import { keyOf } from '../../src/store/limits.ts';
import type { Rows } from '../../src/store/rows.ts';

/** One request of a table service. */
export interface RowsRequest {
  readonly partitionKey: string;
  /** Of a transaction or a point read; a range names none. */
  readonly rowKeys: readonly string[];
}

/** Rows that the service gives in one answer. */
const PAGE = 1_000;

/** The same rows; `onRequest` hears of each request that a table service would get. */
export function countedRows(rows: Rows, onRequest: (request: RowsRequest) => void): Rows {
  return {
    get: (partitionKey, rowKey, signal) => {
      onRequest({ partitionKey, rowKeys: [rowKey] });
      return rows.get(partitionKey, rowKey, signal);
    },
    list: async (range, signal) => {
      const found = await rows.list(range, signal);
      const pages = Math.max(1, Math.ceil(found.length / PAGE));
      for (let page = 0; page < pages; page++) onRequest({ partitionKey: range.partitionKey, rowKeys: [] });
      return found;
    },
    commit: (partitionKey, changes, signal) => {
      onRequest({ partitionKey, rowKeys: changes.map(keyOf) });
      return rows.commit(partitionKey, changes, signal);
    },
  };
}
