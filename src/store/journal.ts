import { isDeepStrictEqual } from 'node:util';
import { type Leftover, leftovers } from './journal-entry.ts';
import { type Appended, type JournalFiles, openJournalFiles } from './journal-files.ts';
import { checkChanges, keyOf, largestSize, MAX_CHANGES, MAX_TRANSACTION_BYTES } from './limits.ts';
import { orAborted } from './or-aborted.ts';
import { type CommitOutcome, type RowChange, type Rows, StoreError } from './rows.ts';

/**
 * A journal in front of storage that acknowledges before it saves. Azurite keeps its tables in memory and writes them to its file
 * every five seconds: killed in between, it forgets what it has confirmed. Here a commit is written down before it is sent, and
 * a replay gives the storage back what it has forgotten.
 *
 * What holds, as long as every write goes through the journal and no second process uses its folder:
 * - A commit stands in the journal, on the disk, before the storage hears of it. So whatever the storage may have of it, also when this
 *   process is killed before it hears the answer or when the storage saves in the middle, a replay makes the whole of it.
 * - Its conditions are looked at before, and commits of a partition run one after the other: what stands in the journal was
 *   allowed, comes in the order in which the storage applied it, and may be applied again.
 * - What the storage has not taken is withdrawn before the next commit of the partition. When it cannot be found out, because the storage
 *   is gone, the replay that has to come anyway applies it: for its caller it is a commit that arrived and whose answer got lost. One case
 *   is left: storage that is silent for all tries, says then that it has nothing, and takes it after all.
 * - A replay runs through all entries to the last one, so that every row ends as its last write left it; replaying what
 *   the storage has not forgotten changes nothing in the end. Reads and commits wait until it is over, so nobody sees the middle.
 * - A file is deleted when the storage has saved after the answer to its last commit, oldest file first, so that what is left is always the end.
 * - Half a line at the end of a file was never sent and is ignored. A damaged line elsewhere is skipped and reported: refusing
 *   to start because of it would lose every cycle from now on, and the rows of the other lines are whole in themselves.
 */
export interface Journal {
  readonly rows: Rows;
  /** Commits that were applied again at the start. */
  readonly replayed: number;
  /** File and line of what could not be read at the start. */
  readonly damaged: readonly string[];
  /**
   * Applies everything again. To be called when the storage has ended, with a function that starts it: commits wait from now on,
   * those under way are awaited, and nothing is deleted before the storage has got everything back and saved it. The function must
   * not use the rows of the journal, which wait for it.
   */
  readonly replay: (startStorage?: () => Promise<void>) => Promise<Replayed>;
  /** Deletes what the storage has saved. Also done with every new file. */
  readonly checkpoint: () => Promise<void>;
  /** Waits for what is under way. Nothing is deleted: the storage may still have to save. */
  readonly close: () => Promise<void>;
}

export interface Replayed {
  readonly replayed: number;
  readonly damaged: readonly string[];
}

export interface JournalOptions {
  /**
   * Epoch milliseconds of the last time that the storage saved its file, such as the time of Azurite's file. Nothing is ever deleted
   * without it. Azurite also writes its file when it starts: therefore start it before `journaled` or within `replay`.
   */
  readonly savedAt?: () => number | undefined;
  /** Epoch milliseconds. */
  readonly now?: () => number;
  /** Age at which a file is followed by the next one; 30 seconds. */
  readonly rotateMs?: number;
  /** How long saving may take; 10 seconds. */
  readonly marginMs?: number;
}

/** Opens the journal in `folder` and replays what it holds; the storage has to be there. @throws StoreError when it is not. */
export async function journaled(rows: Rows, folder: string, options: JournalOptions = {}): Promise<Journal> {
  const { savedAt = () => undefined, now = Date.now, rotateMs = 30_000, marginMs = 10_000 } = options;
  const files = await openJournalFiles(folder, { savedAt, now, rotateMs, marginMs });
  const gate = replayGate();
  const inOrder = onePerKey();
  const unsettled: Unsettled = new Map();
  let closed = false;

  const replay = (startStorage: () => Promise<void> = async () => {}): Promise<Replayed> =>
    gate.alone(async () => {
      await startStorage();
      const replayed = await replayAll(rows, files);
      for (const { keep } of unsettled.values()) keep();
      unsettled.clear();
      return replayed;
    });

  const first = await replay();
  return {
    ...first,
    replay,
    rows: {
      get: (partitionKey, rowKey, signal) => gate.shared(() => rows.get(partitionKey, rowKey, signal), signal),
      list: (range, signal) => gate.shared(() => rows.list(range, signal), signal),
      commit: (partitionKey, changes, signal) =>
        gate.shared(async () => {
          if (closed) throw new StoreError('unavailable', 'the journal is closed');
          return inOrder(partitionKey, async () => {
            signal?.throwIfAborted();
            checkChanges(partitionKey, changes);
            await unsettled.get(partitionKey)?.settle();
            return recordAndCommit(rows, files, unsettled, partitionKey, changes);
          });
        }, signal),
    },
    checkpoint: () => gate.shared(files.checkpoint, undefined),
    close: async () => {
      closed = true;
      await gate.alone(files.close);
    },
  };
}

/** By partition: a commit of which it is not known yet what becomes of it. */
type Unsettled = Map<string, Pick<Appended, 'keep'> & { readonly settle: () => Promise<void> }>;

/** The signal of the caller ends the caller's waiting, not the commit: what is written down is also sent. */
async function recordAndCommit(
  rows: Rows,
  files: JournalFiles,
  unsettled: Unsettled,
  partitionKey: string,
  changes: readonly RowChange[],
): Promise<CommitOutcome> {
  if (!(await isAllowed(rows, partitionKey, changes))) return 'conflict';
  const { keep, withdraw } = await files.append({ partitionKey, rows: leftovers(changes) });
  const settle = async (): Promise<void> => {
    if (await isThere(rows, partitionKey, changes)) keep();
    else await withdraw();
    unsettled.delete(partitionKey);
  };
  unsettled.set(partitionKey, { keep, settle });
  const outcome = await rows.commit(partitionKey, changes).catch(async (error: unknown) => {
    await settle().catch(() => {});
    throw error;
  });
  if (outcome === 'committed') {
    keep();
    unsettled.delete(partitionKey);
  } else {
    // The answer to a first try may have got lost, and then the second one is in conflict with it.
    await settle();
  }
  return outcome;
}

/** Whether the storage would take it. Nobody else writes between this look and the commit. */
async function isAllowed(rows: Rows, partitionKey: string, changes: readonly RowChange[]): Promise<boolean> {
  for (const change of changes) {
    const condition = conditionOf(change);
    if (condition === undefined) continue;
    const stored = await rows.get(partitionKey, keyOf(change));
    if (stored?.etag !== condition.etag) return false;
  }
  return true;
}

/** The etag that a row has to have, undefined where it must not be there; no condition at all for what is written whatever is there. */
function conditionOf(change: RowChange): { readonly etag: string | undefined } | undefined {
  if (change.kind === 'insert') return { etag: undefined };
  return 'etag' in change && change.etag !== undefined ? { etag: change.etag } : undefined;
}

/** Whether every row is exactly as the changes wanted it. Rejects when the storage cannot be asked. */
async function isThere(rows: Rows, partitionKey: string, changes: readonly RowChange[]): Promise<boolean> {
  for (const { rowKey, values } of leftovers(changes)) {
    const stored = await rows.get(partitionKey, rowKey);
    if (!isDeepStrictEqual(stored && { ...stored.values }, values && { ...values })) return false;
  }
  return true;
}

async function replayAll(rows: Rows, files: JournalFiles): Promise<Replayed> {
  // What was withdrawn must not come back.
  await files.catchUp();
  const { entries, damaged } = await files.read();
  for (const [partitionKey, inPartition] of Map.groupBy(entries, (entry) => entry.partitionKey)) {
    // The last word on each row; what stood before it would be overwritten anyway.
    const last = new Map(inPartition.flatMap((entry) => entry.rows).map((row) => [row.rowKey, row]));
    for (const batch of batches(partitionKey, [...last.values()].map(again))) await rows.commit(partitionKey, batch);
  }
  files.writtenAgain();
  return { replayed: entries.length, damaged };
}

function again({ rowKey, values }: Leftover): RowChange {
  return values === undefined ? { kind: 'delete', rowKey } : { kind: 'upsert', row: { rowKey, values } };
}

/** As few transactions as fit. */
function batches(partitionKey: string, changes: readonly RowChange[]): readonly (readonly RowChange[])[] {
  const all: RowChange[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const change of changes) {
    const weight = largestSize(partitionKey, change);
    const open = all.at(-1);
    if (open === undefined || open.length >= MAX_CHANGES || size + weight > MAX_TRANSACTION_BYTES) {
      all.push([change]);
      size = weight;
    } else {
      open.push(change);
      size += weight;
    }
  }
  return all;
}

interface ReplayGate {
  /** Together with others, but not while something runs alone, and not after that has failed. */
  readonly shared: <Value>(work: () => Promise<Value>, signal: AbortSignal | undefined) => Promise<Value>;
  /** After all that is under way. */
  readonly alone: <Value>(work: () => Promise<Value>) => Promise<Value>;
}

function replayGate(): ReplayGate {
  const underWay = new Set<Promise<unknown>>();
  let alone: Promise<unknown> = Promise.resolve();
  let waitingAlone = 0;
  let failed: unknown;

  return {
    shared: async (work, signal) => {
      signal?.throwIfAborted();
      while (waitingAlone > 0) await orAborted(alone, signal);
      if (failed !== undefined)
        throw new StoreError('unavailable', 'the journal could not be replayed; nothing is read or written before that has worked', {
          cause: failed,
        });
      const running = work();
      underWay.add(running);
      const done = (): boolean => underWay.delete(running);
      running.then(done, done);
      return orAborted(running, signal);
    },
    alone: (work) => {
      waitingAlone += 1;
      const mine = alone.then(async () => {
        try {
          await Promise.allSettled(underWay);
          const value = await work();
          failed = undefined;
          return value;
        } catch (error) {
          failed = error;
          throw error;
        } finally {
          waitingAlone -= 1;
        }
      });
      alone = mine.catch(() => {});
      return mine;
    },
  };
}

/** Work of the same key runs one after the other, in the order of the calls. */
function onePerKey(): <Value>(key: string, work: () => Promise<Value>) => Promise<Value> {
  const last = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const mine = (last.get(key) ?? Promise.resolve()).then(work);
    const settled = mine.catch(() => {});
    last.set(key, settled);
    settled.then(() => {
      if (last.get(key) === settled) last.delete(key);
    });
    return mine;
  };
}
