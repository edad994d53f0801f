import type { Dirent, Stats } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { problemText } from './log-problem.ts';
import type { LogSource, RandomAccess, Unopened } from './log-source.ts';

/** Deeper folders are not looked into. */
const MAX_DEPTH = 12;
/** More files than this are not read at once. */
const MAX_FILES = 10_000;
/** Large enough to cost little for each byte, small enough to have several. */
const CHUNK = 262_144;

export interface FindOptions {
  /** What `-` stands for. */
  readonly stdin: () => AsyncIterable<Uint8Array>;
}

/**
 * Whatever the inputs name: files, folders with all that is in them, patterns such as `*.log`, `-` for standard input; sources are taken as
 * they are. In the order of the inputs, and each file once.
 */
export async function findLogs(
  inputs: readonly (string | LogSource)[],
  { stdin }: FindOptions,
): Promise<readonly (LogSource | Unopened)[]> {
  const found = new Map<string | LogSource, LogSource | Unopened>();
  for (const input of inputs) {
    for await (const one of sourcesOf(input, stdin)) {
      if (found.size >= MAX_FILES)
        return [...found.values(), { name: nameOf(input), problem: `only the first ${MAX_FILES} files are read` }];
      const key = typeof input !== 'string' || input === '-' ? input : resolve(one.name);
      if (!found.has(key)) found.set(key, one);
    }
  }
  return [...found.values()];
}

function sourcesOf(
  input: string | LogSource,
  stdin: () => AsyncIterable<Uint8Array>,
): AsyncIterable<LogSource | Unopened> | readonly LogSource[] {
  if (typeof input !== 'string') return [input];
  return input === '-' ? [standardInput(stdin)] : expand(input);
}

function nameOf(input: string | LogSource): string {
  return typeof input === 'string' ? input : input.name;
}

function standardInput(stdin: () => AsyncIterable<Uint8Array>): LogSource {
  return { name: 'standard input', open: stdin };
}

async function* expand(input: string): AsyncGenerator<LogSource | Unopened> {
  const stats = await statOf(input);
  if (!(stats instanceof Error)) yield* byKind(input, stats);
  else if (/[*?[{]/.test(input)) yield* matching(input);
  else yield { name: input, problem: problemText(stats) };
}

async function statOf(path: string): Promise<Stats | Error> {
  try {
    return await fs.stat(path);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function* byKind(path: string, stats: Stats): AsyncGenerator<LogSource | Unopened> {
  if (stats.isDirectory()) yield* inFolder(path, 0);
  else if (stats.isFile()) yield fileSource(path, stats.size);
  // A pipe that a shell made of another command's output; its size is not known.
  else if (stats.isFIFO() || stats.isSocket()) yield { name: path, open: () => chunksOfFile(path) };
  else yield { name: path, problem: 'it is a device, not a file' };
}

async function* inFolder(folder: string, depth: number): AsyncGenerator<LogSource | Unopened> {
  const entries = await entriesOf(folder);
  if (entries instanceof Error) {
    yield { name: folder, problem: problemText(entries) };
    return;
  }
  if (entries.length === 0 && depth === 0) yield { name: folder, problem: 'the folder is empty' };
  for (const entry of entries.toSorted(byName)) {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) yield* inFolderFile(path, entry);
    else if (depth < MAX_DEPTH) yield* inFolder(path, depth + 1);
    else yield { name: path, problem: `folders more than ${MAX_DEPTH} levels deep are not read` };
  }
}

/** Links to files count, links to folders may lead in a circle, and pipes may never end. */
async function* inFolderFile(path: string, entry: Dirent): AsyncGenerator<LogSource | Unopened> {
  if (!entry.isFile() && !entry.isSymbolicLink()) return;
  const stats = await statOf(path);
  if (stats instanceof Error) yield { name: path, problem: problemText(stats) };
  else if (stats.isFile()) yield fileSource(path, stats.size);
}

async function entriesOf(folder: string): Promise<readonly Dirent[] | Error> {
  try {
    return await fs.readdir(folder, { withFileTypes: true });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}

async function* matching(pattern: string): AsyncGenerator<LogSource | Unopened> {
  const paths: string[] = [];
  for await (const path of fs.glob(pattern)) if (paths.push(path) >= MAX_FILES) break;
  if (paths.length === 0) yield { name: pattern, problem: 'no file has such a name' };
  for (const path of paths.toSorted()) {
    const stats = await statOf(path);
    // A pattern such as `logs/**` also names the folders that the files are in.
    if (stats instanceof Error) yield { name: path, problem: problemText(stats) };
    else if (stats.isFile()) yield fileSource(path, stats.size);
  }
}

function fileSource(path: string, bytes: number): LogSource {
  return { name: path, bytes, open: () => chunksOfFile(path), openAt: () => openAt(path, bytes) };
}

/** Reads ahead by one chunk into two buffers in turn, so that a log of gigabytes leaves no garbage behind. */
async function* chunksOfFile(path: string): AsyncGenerator<Uint8Array> {
  await using handle = await fs.open(path);
  let [buffer, other] = [Buffer.allocUnsafeSlow(CHUNK), Buffer.allocUnsafeSlow(CHUNK)];
  let ahead = handle.read(buffer);
  try {
    for (;;) {
      const { bytesRead } = await ahead;
      if (bytesRead === 0) return;
      const full = buffer;
      [buffer, other] = [other, buffer];
      ahead = handle.read(buffer);
      yield full.subarray(0, bytesRead);
    }
  } finally {
    // Who stops early leaves a read behind; the file may be closed only after it.
    await ahead.catch(() => {});
  }
}

async function openAt(path: string, bytes: number): Promise<RandomAccess> {
  const handle = await fs.open(path);
  return {
    bytes,
    read: async (offset, length) => {
      const buffer = Buffer.allocUnsafe(length);
      const { bytesRead } = await handle.read(buffer, 0, length, offset);
      return buffer.subarray(0, bytesRead);
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
}
