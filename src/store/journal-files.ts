import { type FileHandle, mkdir, open, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeEntry, encodeEntry, type JournalEntry } from './journal-entry.ts';
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
  /** Oldest first. */
  readonly entries: readonly JournalEntry[];
  /** File and line of what could not be read. */
  readonly damaged: readonly string[];
}

/** Append-only files `journal-<n>.ndjson` in one folder. */
export interface JournalFiles {
  /** Resolves when the entry is on the disk. Entries stand in the order of the calls; calls that wait together share one sync. */
  readonly append: (entry: Omit<JournalEntry, 'at'>) => Promise<void>;
  /** Writes what an earlier failure has left unwritten; nothing may be committed before that has worked. */
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
}

const FILE = /^journal-(\d+)\.ndjson$/;

export async function openJournalFiles(folder: string, options: JournalFilesOptions): Promise<JournalFiles> {
  const { savedAt, now, rotateMs, marginMs } = options;
  await mkdir(folder, { recursive: true });
  const names = await journalNames(folder);
  let nextNumber = numberOf(names.at(-1) ?? '') + 1;
  /** What is written now is not in what was saved before, whatever the clock says. */
  const tick = (): number => Math.max(now(), savedAt() ?? 0);
  let files: KnownFile[] = names.map((name) => ({ path: join(folder, name), openedAt: 0, newestAt: tick() }));
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
    const file = { path, openedAt: now(), newestAt: tick() };
    files.push(file);
    current = { handle, file };
    await syncFolder(folder);
    return current;
  };

  const write = async (text: string): Promise<void> => {
    const { handle, file } = await handleToWrite();
    file.newestAt = tick();
    await handle.appendFile(text);
    await handle.datasync();
  };

  const checkpoint = async (): Promise<void> => {
    const saved = savedAt();
    if (saved === undefined) return;
    for (const file of [...files]) {
      if (file.newestAt + marginMs >= saved) return;
      if (file === current?.file) await leave();
      // Never a newer file while an older one is left: its old content would be the last when it is replayed.
      if (!(await deleted(file.path))) return;
      files = files.filter((one) => one !== file);
    }
  };

  const queue = appendQueue(async (lines) => {
    try {
      await write(lines.map((line) => `${line}\n`).join(''));
    } catch (error) {
      // Half a line may stand there: nothing is appended behind it.
      await leave().catch(() => {});
      throw new StoreError('unavailable', `the journal in ${folder} cannot be written: ${errorCode(error)}`, { cause: error });
    }
  });

  return {
    append: (entry) => queue.append(encodeEntry({ ...entry, at: tick() })),
    catchUp: queue.catchUp,
    read: () => readJournal(folder),
    writtenAgain: () => {
      for (const file of files) file.newestAt = tick();
    },
    checkpoint: () => queue.exclusive(checkpoint),
    close: async () => {
      // Nobody was told that it is written; but the storage has it, and an older content is not to be replayed over it.
      await queue.catchUp().catch(() => {});
      await queue.exclusive(leave);
    },
  };
}

interface AppendQueue {
  readonly append: (line: string) => Promise<void>;
  readonly catchUp: () => Promise<void>;
  /** Runs while nothing is being written. */
  readonly exclusive: (work: () => Promise<void>) => Promise<void>;
}

/** Lines that come while others are being written are written together. Lines that could not be written come before the next ones. */
function appendQueue(write: (lines: readonly string[]) => Promise<void>): AppendQueue {
  let unwritten: readonly string[] = [];
  let waiting: string[] = [];
  let next: Promise<void> | undefined;
  let last: Promise<void> = Promise.resolve();

  const exclusive = (work: () => Promise<void>): Promise<void> => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };

  const flush = async (): Promise<void> => {
    next = undefined;
    unwritten = [...unwritten, ...waiting];
    waiting = [];
    await write(unwritten);
    unwritten = [];
  };

  return {
    append: (line) => {
      waiting.push(line);
      next ??= exclusive(flush);
      return next;
    },
    catchUp: async () => {
      if (unwritten.length > 0) await exclusive(async () => (unwritten.length > 0 ? flush() : undefined));
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
  const damaged: string[] = [];
  for (const name of await journalNames(folder)) {
    const lines = (await readFile(join(folder, name), 'utf8')).split('\n');
    const torn = lines.pop() ?? '';
    for (const [index, line] of lines.entries()) {
      const entry = decodeEntry(line);
      if (entry === undefined) damaged.push(`${name} line ${index + 1}`);
      else entries.push(entry);
    }
    // A process that was killed while it wrote leaves half a line, which nobody was told to be written.
    const complete = decodeEntry(torn);
    if (complete !== undefined) entries.push(complete);
  }
  return { entries, damaged };
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
