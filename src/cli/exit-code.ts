import { compareSeverity, type Severity } from '../core/verdict/severity.ts';

/** The exit codes of Nagios plugins; 3 also stands for a usage error. */
export const EXIT_USAGE = 3;

const CODES: Readonly<Record<Severity, number>> = { ok: 0, info: 0, warn: 1, crit: 2, unknown: 3 };

/** The code of the worst of several severities: crit before warn before unknown before ok. */
export function exitCode(severities: readonly Severity[]): number {
  const worst = severities.toSorted((a, b) => compareSeverity(b, a))[0];
  return worst === undefined ? EXIT_USAGE : CODES[worst];
}
