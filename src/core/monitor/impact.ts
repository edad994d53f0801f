import type { VerdictCode } from '../verdict/code.ts';
import type { Severity } from '../verdict/severity.ts';
import type { Verdict } from '../verdict/verdict.ts';

/** What a verdict means for devices, mildest first, in the order of the severities: nothing, cannot be told, enrolment suffers, enrolment fails. */
export const IMPACTS = ['none', 'unknown', 'degraded', 'down'] as const;

export type Impact = (typeof IMPACTS)[number];

const IMPACT_OF_SEVERITY: Readonly<Record<Severity, Impact>> = {
  ok: 'none',
  info: 'none',
  unknown: 'unknown',
  warn: 'degraded',
  crit: 'down',
};

/** However urgent, a certificate that expires next week still works today. */
const COUNTDOWNS: ReadonlySet<VerdictCode> = new Set(['ra-certificate-expiring', 'ca-certificate-expiring']);

export function impactOf({ code, severity }: Pick<Verdict, 'code' | 'severity'>): Impact {
  const impact = IMPACT_OF_SEVERITY[severity];
  return impact === 'down' && COUNTDOWNS.has(code) ? 'degraded' : impact;
}

/** The monitor's own network was down: the target was not judged at all, so nothing may be concluded from this cycle. */
export function isBlind({ code }: Pick<Verdict, 'code'>): boolean {
  return code === 'probe-network-down';
}

/** Positive when `a` is worse than `b`. */
export function compareImpact(a: Impact, b: Impact): number {
  return IMPACTS.indexOf(a) - IMPACTS.indexOf(b);
}
