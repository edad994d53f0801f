import { checkChanges, checkKeys, checkRange, keyOf } from './limits.ts';
import type { CommitOutcome, RowChange, Rows, StoredRow } from './rows.ts';
import { type SortedKeys, sortedKeys } from './sorted-keys.ts';
import { storedValues, withColumns } from './stored-values.ts';

interface Partition {
  readonly rows: Map<string, StoredRow>;
  readonly keys: SortedKeys;
}

/** Rows in memory, with the same limits, order and conditions as the table; gone with the process. */
export function memoryRows(): Rows {
  const partitions = new Map<string, Partition>();
  let writes = 0;

  const partitionOf = (partitionKey: string): Partition => {
    const partition = partitions.get(partitionKey) ?? { rows: new Map(), keys: sortedKeys() };
    partitions.set(partitionKey, partition);
    return partition;
  };

  const apply = ({ rows, keys }: Partition, change: RowChange): void => {
    const rowKey = keyOf(change);
    if (change.kind === 'delete') {
      rows.delete(rowKey);
      keys.remove(rowKey);
      return;
    }
    writes += 1;
    rows.set(rowKey, Object.freeze({ rowKey, values: storedValues(change.row.values), etag: `W/"${writes}"` }));
    keys.add(rowKey);
  };

  return {
    get: async (partitionKey, rowKey, signal) => {
      signal?.throwIfAborted();
      checkKeys(partitionKey, rowKey);
      return partitions.get(partitionKey)?.rows.get(rowKey);
    },
    list: async (range, signal) => {
      signal?.throwIfAborted();
      checkRange(range);
      const partition = partitions.get(range.partitionKey);
      if (partition === undefined) return [];
      const keys = firstOf(partition.keys.range(range.from, range.before), range.limit ?? Number.POSITIVE_INFINITY);
      const found = keys.map((key) => partition.rows.get(key)).filter((row) => row !== undefined);
      return range.columns === undefined ? found : found.map((row) => withColumns(row, range.columns ?? []));
    },
    commit: async (partitionKey, changes, signal): Promise<CommitOutcome> => {
      signal?.throwIfAborted();
      checkChanges(partitionKey, changes);
      const partition = partitionOf(partitionKey);
      if (!changes.every((change) => isAsRead(partition.rows.get(keyOf(change)), change))) return 'conflict';
      for (const change of changes) apply(partition, change);
      return 'committed';
    },
  };
}

function firstOf(keys: Iterable<string>, limit: number): readonly string[] {
  const first: string[] = [];
  if (limit === 0) return first;
  for (const key of keys) {
    first.push(key);
    if (first.length >= limit) return first;
  }
  return first;
}

function isAsRead(stored: StoredRow | undefined, change: RowChange): boolean {
  switch (change.kind) {
    case 'insert':
      return stored === undefined;
    case 'replace':
      return stored?.etag === change.etag;
    case 'upsert':
      return true;
    case 'delete':
      return change.etag === undefined || stored?.etag === change.etag;
  }
}
