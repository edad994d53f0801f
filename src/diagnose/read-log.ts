import type { LogFormat, LogParser, LogReader, LogSink } from '../core/diagnose/log-format.ts';
import { type LineSplitter, lineSplitter } from './line-splitter.ts';
import { LogProblem, problemText } from './log-problem.ts';
import { describeBinary, describeUnknown, HEAD_LINES, recogniseFormat } from './recognise-format.ts';
import { detectEncoding, type Encoding, transcoder } from './text-encoding.ts';
import type { LogContent } from './unpack.ts';

/** What became of one log. */
export interface ReadFile {
  readonly name: string;
  /** Absent when it is not known. */
  readonly format?: LogFormat;
  /** Bytes that were read, unpacked. */
  readonly bytes: number;
  readonly lines: number;
  /** Lines that belong to the format and cannot be read. */
  readonly unreadableLines: number;
  /** Lines of which only the first megabyte was looked at. */
  readonly cutLines: number;
  /** Epoch ms of what it covers, whatever part of it was asked for. */
  readonly from?: number;
  readonly to?: number;
  /** Why it, or the rest of it, was not read; for people. */
  readonly problem?: string;
}

/** Bytes that format and encoding are recognised by. */
const HEAD_BYTES = 262_144;

/** Reads a log to its end in constant memory and tells `sink` what it says. Never throws: what goes wrong is the `problem`. */
export async function readLog({ name, chunks }: LogContent, readers: readonly LogReader[], sink: LogSink): Promise<ReadFile> {
  const noted = noting(sink);
  let bytes = 0;
  let opened: Opened | undefined;
  const told = (problem?: string): ReadFile => ({
    name,
    bytes,
    lines: opened?.splitter.lines() ?? 0,
    cutLines: opened?.splitter.cutLines() ?? 0,
    ...noted.notes(),
    ...(opened !== undefined && { format: opened.format }),
    ...(problem !== undefined && { problem }),
  });
  const head: Uint8Array[] = [];
  const start = (): Opened => {
    opened = open(Buffer.concat(head), name, readers, noted.sink);
    head.length = 0;
    return opened;
  };
  const finish = (): void => (opened ?? start()).end();
  try {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (opened !== undefined) opened.push(chunk);
      else {
        head.push(Uint8Array.from(chunk));
        if (bytes >= HEAD_BYTES) start();
      }
    }
  } catch (error) {
    // What came before it is told to its end; the problem that came first is the one to tell.
    attempt(finish);
    return told(problemText(error));
  }
  return told(attempt(finish));
}

/** What went wrong, or undefined. */
function attempt(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return problemText(error);
  }
}

interface Opened {
  readonly format: LogFormat;
  readonly splitter: LineSplitter;
  readonly push: (bytes: Uint8Array) => void;
  readonly end: () => void;
}

/** Finds out what the log is; throws LogProblem when it is none that can be read. */
function open(head: Buffer, name: string, readers: readonly LogReader[], sink: LogSink): Opened {
  if (head.length === 0) throw new LogProblem('it is empty');
  const { encoding, mark } = detectEncoding(head);
  const binary = encoding === 'utf-8' ? describeBinary(head) : undefined;
  if (binary !== undefined) throw new LogProblem(`it is no log but ${binary}`);
  const start = head.subarray(mark);
  const lines = headLines(transcoder(encoding).push(start));
  if (lines.every((line) => line.trim() === '')) throw new LogProblem('it has nothing but blank lines');
  const reader = recogniseFormat(lines, readers);
  if (reader === undefined) throw unknown(lines);
  const opened = openParser(reader, reader.parser(name, sink), reader.wanted?.(lines), encoding);
  opened.push(start);
  return opened;
}

function unknown(lines: readonly string[]): LogProblem {
  const looks = describeUnknown(lines);
  return new LogProblem(`it has no line of a log that is known here${looks === undefined ? '' : `; it looks like ${looks}`}`);
}

function openParser({ format, partsEndWith }: LogReader, parser: LogParser, wanted: RegExp | undefined, encoding: Encoding): Opened {
  const splitter = lineSplitter(parser.line, {
    headLines: HEAD_LINES,
    ...(wanted !== undefined && { wanted }),
    ...(partsEndWith !== undefined && { partsEndWith }),
  });
  const text = transcoder(encoding);
  return {
    format,
    splitter,
    push: (bytes) => splitter.push(text.push(asBuffer(bytes))),
    end: () => {
      splitter.push(text.end());
      splitter.end();
      parser.end();
    },
  };
}

function headLines(text: Buffer): readonly string[] {
  const lines: string[] = [];
  const splitter = lineSplitter(
    (line) => {
      if (lines.length < HEAD_LINES) lines.push(line);
    },
    { headLines: HEAD_LINES, wanted: /(?!)/ },
  );
  splitter.push(text);
  splitter.end();
  return lines;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

interface Notes {
  readonly unreadableLines: number;
  readonly from?: number;
  readonly to?: number;
}

/** Passes everything on and notes what a report on the file needs. */
function noting(sink: LogSink): { readonly sink: LogSink; readonly notes: () => Notes } {
  let unreadableLines = 0;
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  return {
    sink: {
      exchange: sink.exchange,
      finding: sink.finding,
      seen: (at) => {
        if (at < from) from = at;
        if (at > to) to = at;
        sink.seen(at);
      },
      unreadable: (line) => {
        unreadableLines++;
        sink.unreadable(line);
      },
    },
    notes: () => ({ unreadableLines, ...(from <= to && { from, to }) }),
  };
}
