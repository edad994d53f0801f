import type { LogFinding } from '../../src/core/diagnose/log-finding.ts';
import type { LogReader } from '../../src/core/diagnose/log-format.ts';
import type { ScepExchange } from '../../src/core/diagnose/scep-exchange.ts';

/** All that a reader tells of a log. */
export interface ToldByLog {
  readonly exchanges: readonly ScepExchange[];
  readonly findings: readonly LogFinding[];
  readonly codes: readonly string[];
  readonly seen: readonly number[];
  readonly unreadable: readonly number[];
}

/** Reads a log as the command does: line by line, line ends left out. */
export function readLog({ parser }: LogReader, log: string | readonly string[]): ToldByLog {
  const exchanges: ScepExchange[] = [];
  const findings: LogFinding[] = [];
  const seen: number[] = [];
  const unreadable: number[] = [];
  const reading = parser('device.log', {
    exchange: (exchange) => exchanges.push(exchange),
    finding: (finding) => findings.push(finding),
    seen: (at) => seen.push(at),
    unreadable: (line) => unreadable.push(line),
  });
  const lines = typeof log === 'string' ? log.split(/\r?\n/) : log;
  for (const [index, line] of lines.entries()) reading.line(line, index + 1);
  reading.end();
  return { exchanges, findings, codes: findings.map(({ code }) => code), seen, unreadable };
}

/** Hard-wraps every line as a terminal or a mail does. */
export function wrapped(log: string, width: number): string {
  const parts = new RegExp(`.{1,${width}}`, 'g');
  return log
    .split('\n')
    .flatMap((line) => line.match(parts) ?? [''])
    .join('\n');
}
