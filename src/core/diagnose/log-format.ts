import type { LogFinding } from './log-finding.ts';
import type { ScepExchange } from './scep-exchange.ts';

/** The logs that can be read. */
export const LOG_FORMATS = [
  'iis-w3c',
  'httperr',
  'android-omadm',
  'apple-debug',
  'windows-event-text',
  'windows-event-xml',
  'setup-msi',
  'ndes-plugin',
] as const;

export type LogFormat = (typeof LOG_FORMATS)[number];

export const LOG_FORMAT_NAMES: Readonly<Record<LogFormat, string>> = {
  'iis-w3c': 'IIS log (W3C)',
  httperr: 'HTTP.sys error log (HTTPERR)',
  'android-omadm': 'Android Company Portal log (OMADM)',
  'apple-debug': 'iOS or macOS debug log',
  'windows-event-text': 'Windows events as text',
  'windows-event-xml': 'Windows events as XML',
  'setup-msi': 'SetupMsi.log of the old connector',
  'ndes-plugin': 'NDESPlugin.log of the old policy module',
};

/** Where a parser puts what it understands. Nothing is kept per line: a log may be larger than the memory. */
export interface LogSink {
  /** One SCEP exchange that the log tells of. Called for each; must be cheap. */
  readonly exchange: (exchange: ScepExchange) => void;
  /** Something that means something by itself. The sink keeps the first few of each code and counts the rest. */
  readonly finding: (finding: LogFinding) => void;
  /** An instant (epoch ms) that the log covers; a time without an offset is told as UTC. Called for each line that has one, or at least for the first and the last. */
  readonly seen: (at: number) => void;
  /** Lines that belong to this format but cannot be read. */
  readonly unreadable: (line: number) => void;
}

/** Reads one log from its first line to its last. Pure; never throws, whatever the line holds; takes time that grows only with the length of the line. */
export interface LogParser {
  /** `text` without its line end; `line` counts from 1. */
  readonly line: (text: string, line: number) => void;
  /** After the last line: what was still open is told now. */
  readonly end: () => void;
}

export interface LogReader {
  readonly format: LogFormat;
  /** How sure it is, 0 to 1, that these first lines (a few hundred at most) are of its format; content decides, never the name of the file. */
  readonly recognise: (lines: readonly string[]) => number;
  /** `file` is the name that findings carry. */
  readonly parser: (file: string, sink: LogSink) => LogParser;
  /**
   * For logs of gigabytes in which few lines matter: a pattern that every line that the parser needs has somewhere in it, when `head`, the
   * lines that `recognise` got, shows that lines can be left out; undefined when they cannot. Letters of either case are found. The parser
   * then gets all lines of the head, those with the pattern, and the last one; line numbers still count all of them.
   */
  readonly wanted?: (head: readonly string[]) => RegExp | undefined;
  /**
   * For formats in which line ends mean nothing: a line of more than a megabyte comes in parts that end with this character of ASCII, all under the
   * line's number, where otherwise it would be cut.
   */
  readonly partsEndWith?: string;
}
