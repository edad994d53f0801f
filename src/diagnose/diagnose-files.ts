import { filteredSink, type LogFilter } from '../core/diagnose/filtered-sink.ts';
import type { LogReader, LogSink } from '../core/diagnose/log-format.ts';
import { LOG_READERS } from '../core/diagnose/readers.ts';
import { findLogs } from './find-logs.ts';
import { problemText } from './log-problem.ts';
import type { LogSource, RandomAccess, Unopened } from './log-source.ts';
import { type ReadFile, readLog } from './read-log.ts';
import { unpack } from './unpack.ts';

/** How far the reading is. */
export interface ReadProgress {
  /** What is being read. */
  readonly name: string;
  /** Bytes of all inputs so far, packed where they are packed. */
  readonly readBytes: number;
  /** Bytes of all inputs together; absent when one of them does not say. */
  readonly totalBytes?: number;
}

export interface DiagnoseOptions extends LogFilter {
  /** Called after each quarter of a megabyte or so; has to be cheap. */
  readonly onProgress?: (progress: ReadProgress) => void;
  /** What `-` stands for; standard input unless told otherwise. */
  readonly stdin?: () => AsyncIterable<Uint8Array>;
  /** Stops the reading; what has been read is told. */
  readonly signal?: AbortSignal;
  /** For tests. */
  readonly readers?: readonly LogReader[];
}

export interface Diagnosed {
  /** In the order of the inputs; the files of an archive one by one. */
  readonly files: readonly ReadFile[];
}

/**
 * Reads all logs that the inputs name and tells `sink` what they say. An input is a path, a folder, a pattern, `-`, or a source of bytes such as
 * the body of a request. What cannot be read is told in the file's `problem` and stops no other file; it never throws.
 */
export async function diagnoseFiles(inputs: readonly (string | LogSource)[], options: DiagnoseOptions, sink: LogSink): Promise<Diagnosed> {
  const sources = await findLogs(inputs, { stdin: options.stdin ?? (() => process.stdin) });
  const wanted = filteredSink(sink, options);
  const metered = meter(sources, options);
  const files: ReadFile[] = [];
  for (const source of sources) {
    if (options.signal?.aborted === true) files.push(unread({ name: source.name, problem: 'reading was interrupted' }));
    else if ('problem' in source) files.push(unread(source));
    else for await (const file of readSource(metered(source), options.readers ?? LOG_READERS, wanted)) files.push(file);
  }
  return { files };
}

async function* readSource(source: LogSource, readers: readonly LogReader[], sink: LogSink): AsyncGenerator<ReadFile> {
  try {
    for await (const content of unpack(source)) yield 'problem' in content ? unread(content) : await readLog(content, readers, sink);
  } catch (error) {
    yield unread({ name: source.name, problem: problemText(error) });
  }
}

function unread({ name, problem }: Unopened): ReadFile {
  return { name, bytes: 0, lines: 0, unreadableLines: 0, cutLines: 0, problem };
}

/** Makes sources that tell how far they are, and stop when they are told to. */
function meter(sources: readonly (LogSource | Unopened)[], { onProgress, signal }: DiagnoseOptions): (source: LogSource) => LogSource {
  const sizes = sources.flatMap((source) => ('problem' in source ? [] : [source.bytes]));
  const total = sizes.every((size) => size !== undefined) ? sizes.reduce((sum, size) => sum + size, 0) : undefined;
  let readBytes = 0;
  const count = (name: string, bytes: number): void => {
    signal?.throwIfAborted();
    readBytes += bytes;
    onProgress?.({ name, readBytes, ...(total !== undefined && { totalBytes: total }) });
  };
  return (source) => ({
    ...source,
    open: async function* () {
      for await (const chunk of source.open()) {
        count(source.name, chunk.length);
        yield chunk;
      }
    },
    ...(source.openAt !== undefined && { openAt: counted(source.openAt, (bytes) => count(source.name, bytes)) }),
  });
}

function counted(openAt: () => Promise<RandomAccess>, count: (bytes: number) => void): () => Promise<RandomAccess> {
  return async () => {
    const access = await openAt();
    return {
      bytes: access.bytes,
      read: async (offset, length) => {
        const bytes = await access.read(offset, length);
        count(bytes.length);
        return bytes;
      },
      [Symbol.asyncDispose]: () => access[Symbol.asyncDispose](),
    };
  };
}
