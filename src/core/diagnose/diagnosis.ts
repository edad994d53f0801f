import { compareSeverity, type Severity } from '../verdict/severity.ts';
import { catalogEntry } from './catalog.ts';
import type { JoinedView } from './join-views.ts';
import type { LogCode } from './log-code.ts';
import type { GivenLog, LogSummary } from './log-summary.ts';

/** Everything that is known after the logs have been read, and perhaps the target probed. */
export interface Diagnosis {
  readonly logs: readonly GivenLog[];
  readonly summary: LogSummary;
  readonly joined?: JoinedView;
}

/** The worst of all findings and of the view from outside; `unknown` only when no log could be read. */
export function diagnosisSeverity({ logs, summary, joined }: Diagnosis): Severity {
  if (logs.every(({ format }) => format === undefined)) return 'unknown';
  const severities = [
    ...summary.findings.map(({ code }) => catalogEntry(code).severity),
    ...(joined === undefined ? [] : [joined.severity]),
  ];
  const worst = severities.filter((one) => one !== 'unknown').toSorted((a, b) => compareSeverity(b, a))[0];
  return worst === 'crit' || worst === 'warn' ? worst : 'ok';
}

export function isTrouble(code: LogCode): boolean {
  const { severity } = catalogEntry(code);
  return severity === 'crit' || severity === 'warn';
}
