import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeLine, encodeEntry, encodeWithdrawal, type JournalEntry } from './journal-entry.ts';
import { StoreError } from './rows.ts';

export interface JournalFilesOptions {
  /** Epoch milliseconds of the last time that the storage saved its own file; undefined when that is not known. */
  readonly savedAt: () => number | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Age at which a file is followed by the next one. */
  readonly rotateMs: number;
  /** How long the storage may take from choosing what it saves to having saved it, generously. */
  readonly marginMs: number;
}

export interface JournalContent {
  /** Oldest first, without those that were withdrawn. */
  readonly entries: readonly JournalEntry[];
  /** File and line of what could not be read. */
  readonly damaged: readonly string[];
}

/** An entry whose commit is under way. Its file stays until one of the two has been called. */
export interface Appended {
  /** The storage has it. */
  readonly keep: () => void;
  /** The storage has it not, and will not get it. Resolves when that is on the disk; when it rejects, call it again. */
  readonly withdraw: () => Promise<void>;
}

/** Append-only files `journal-<n>.ndjson` in one folder. */
export interface JournalFiles {
  /**
   * Resolves when the entry is on the disk. Entries stand in the order of the calls; calls that wait together share one sync.
   * When it rejects, the entry counts for nothing, also where it has got to the disk after all.
   */
  readonly append: (entry: Pick<JournalEntry, 'partitionKey' | 'rows'>) => Promise<Appended>;
  /** Writes what an earlier failure has left unwritten. */
  readonly catchUp: () => Promise<void>;
  readonly read: () => Promise<JournalContent>;
  /** Everything in the files has just been written to the storage again: it has to be saved once more. */
  readonly writtenAgain: () => void;
  /** Deletes, oldest first, the files of which the storage has saved everything. */
  readonly checkpoint: () => Promise<void>;
  readonly close: () => Promise<void>;
}

interface KnownFile {
  readonly path: string;
  readonly openedAt: number;
  newestAt: number;
  /** Entries whose commits are under way. */
  pending: number;
}

const FILE = /^journal-(\d+)\.ndjson$/;

export async function openJournalFiles(folder: string, options: JournalFilesOptions): Promise<JournalFiles> {
  const { savedAt, now, rotateMs, marginMs } = options;
  await mkdir(folder, { recursive: true });
  const names = await journalNames(folder);
  let nextNumber = numberOf(names.at(-1) ?? '') + 1;
  /** What is written now is not in what was saved before, whatever the clock says. */
  const tick = (): number => Math.max(now(), savedAt() ?? 0);
  let files: KnownFile[] = names.map((name) => ({ path: join(folder, name), openedAt: 0, newestAt: tick(), pending: 0 }));
  let current: { readonly handle: FileHandle; readonly file: KnownFile } | undefined;

  const leave = async (): Promise<void> => {
    const left = current;
    current = undefined;
    await left?.handle.close();
  };

  const handleToWrite = async (): Promise<{ readonly handle: FileHandle; readonly file: KnownFile }> => {
    if (current !== undefined && now() - current.file.openedAt < rotateMs && now() >= current.file.openedAt) return current;
    await leave();
    await checkpoint();
    const path = join(folder, `journal-${String(nextNumber).padStart(8, '0')}.ndjson`);
    nextNumber += 1;
    const handle = await open(path, 'ax');
    const file = { path, openedAt: now(), newestAt: tick(), pending: 0 };
    files.push(file);
    current = { handle, file };
    await syncFolder(folder);
    return current;
  };

  const write = async (lines: readonly string[], pending: number): Promise<KnownFile> => {
    const { handle, file } = await handleToWrite();
    file.newestAt = tick();
    await handle.appendFile(lines.map((line) => `${line}\n`).join(''));
    await handle.datasync();
    file.pending += pending;
    return file;
  };

  const checkpoint = async (): Promise<void> => {
    const saved = savedAt();
    if (saved === undefined) return;
    for (const file of [...files]) {
      if (file.pending > 0 || file.newestAt + marginMs >= saved) return;
      if (file === current?.file) await leave();
      // Never a newer file while an older one is left: its old content would be the last when it is replayed.
      if (!(await deleted(file.path))) return;
      files = files.filter((one) => one !== file);
    }
  };

  const queue = appendQueue(async (lines, pending) => {
    try {
      return await write(lines, pending);
    } catch (error) {
      // Half a line may stand there: nothing is appended behind it.
      await leave().catch(() => {});
      throw new StoreError('unavailable', `the journal in ${folder} cannot be written: ${errorCode(error)}`, { cause: error });
    }
  });

  const settled = (file: KnownFile): void => {
    file.pending -= 1;
    file.newestAt = tick();
  };

  const append = async (entry: Pick<JournalEntry, 'partitionKey' | 'rows'>): Promise<Appended> => {
    const id = randomUUID();
    const withdrawal = encodeWithdrawal({ withdrawn: id });
    const file = await queue.append({ text: encodeEntry({ ...entry, id, at: tick() }), otherwise: withdrawal });
    return {
      keep: () => settled(file),
      withdraw: async () => {
        settled(await queue.append({ text: withdrawal, otherwise: withdrawal }));
        settled(file);
      },
    };
  };

  return {
    append,
    catchUp: queue.catchUp,
    read: () => readJournal(folder),
    writtenAgain: () => {
      for (const file of files) file.newestAt = tick();
    },
    checkpoint: () => queue.exclusive(checkpoint),
    close: async () => {
      // At the next start what was withdrawn would come back.
      await queue.catchUp().catch(() => {});
      await queue.exclusive(leave);
    },
  };
}

interface Line {
  readonly text: string;
  /** Stands in its place when it could not be written: part of it may have got to the disk all the same. */
  readonly otherwise: string;
}

interface AppendQueue {
  /** Gives the file in which the line stands, and where it counts as pending. */
  readonly append: (line: Line) => Promise<KnownFile>;
  readonly catchUp: () => Promise<void>;
  /** Runs while nothing is being written. */
  readonly exclusive: <Value>(work: () => Promise<Value>) => Promise<Value>;
}

/** Lines that come while others are being written are written together. What stands for those that could not be written comes before the next ones. */
function appendQueue(write: (lines: readonly string[], pending: number) => Promise<KnownFile>): AppendQueue {
  let unwritten: readonly string[] = [];
  let waiting: Line[] = [];
  let next: Promise<KnownFile> | undefined;
  let last: Promise<unknown> = Promise.resolve();

  const exclusive = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };

  const flush = async (): Promise<KnownFile> => {
    next = undefined;
    const [older, newer] = [unwritten, waiting];
    waiting = [];
    unwritten = [...older, ...newer.map(({ otherwise }) => otherwise)];
    const file = await write([...older, ...newer.map(({ text }) => text)], newer.length);
    unwritten = [];
    return file;
  };

  return {
    append: (line) => {
      waiting.push(line);
      next ??= exclusive(flush);
      return next;
    },
    catchUp: async () => {
      await exclusive(async () => (unwritten.length > 0 ? flush() : undefined));
    },
    exclusive,
  };
}

async function journalNames(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => FILE.test(name));
  return names.toSorted((a, b) => numberOf(a) - numberOf(b));
}

function numberOf(name: string): number {
  return Number(FILE.exec(name)?.[1] ?? 0);
}

async function readJournal(folder: string): Promise<JournalContent> {
  const entries: JournalEntry[] = [];
  const withdrawn = new Set<string>();
  const damaged: string[] = [];
  for (const name of await journalNames(folder)) {
    const lines = (await readFile(join(folder, name), 'utf8')).split('\n');
    for (const [index, line] of lines.entries()) {
      const read = decodeLine(line);
      if (read === undefined) {
        // A process that was killed while it wrote leaves half a line, whose commit was never sent.
        if (index < lines.length - 1) damaged.push(`${name} line ${index + 1}`);
      } else if ('withdrawn' in read) withdrawn.add(read.withdrawn);
      else entries.push(read);
    }
  }
  return { entries: entries.filter(({ id }) => !withdrawn.has(id)), damaged };
}

async function deleted(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    return errorCode(error) === 'ENOENT';
  }
}

/** So that a new file outlives a power failure; Windows neither needs nor allows it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
