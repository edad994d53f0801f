import type { LogFinding } from '../../src/core/diagnose/log-finding.ts';
import type { LogReader, LogSink } from '../../src/core/diagnose/log-format.ts';
import type { ScepExchange } from '../../src/core/diagnose/scep-exchange.ts';

/** Everything that a parser told. */
export interface Kept {
  readonly exchanges: readonly ScepExchange[];
  readonly findings: readonly LogFinding[];
  readonly seen: readonly number[];
  readonly unreadable: readonly number[];
}

/** A sink that keeps all of it, for logs of a few lines. */
export function keepingSink(): { readonly sink: LogSink; readonly kept: Kept } {
  const kept = { exchanges: [] as ScepExchange[], findings: [] as LogFinding[], seen: [] as number[], unreadable: [] as number[] };
  return {
    kept,
    sink: {
      exchange: (exchange) => kept.exchanges.push(exchange),
      finding: (finding) => kept.findings.push(finding),
      seen: (at) => kept.seen.push(at),
      unreadable: (line) => kept.unreadable.push(line),
    },
  };
}

/** What a reader's parser makes of these lines, in a file called `log`. */
export function readLines(reader: LogReader, lines: readonly string[]): Kept {
  const { sink, kept } = keepingSink();
  const parser = reader.parser('log', sink);
  lines.forEach((text, index) => {
    parser.line(text, index + 1);
  });
  parser.end();
  return kept;
}
