/** `unknown` means that the probe itself cannot judge: its own DNS, its own network, or an answer nobody has seen before. */
export const SEVERITIES = ['ok', 'info', 'unknown', 'warn', 'crit'] as const;

export type Severity = (typeof SEVERITIES)[number];

/** Negative when `a` is less severe than `b`; the order is that of SEVERITIES. */
export function compareSeverity(a: Severity, b: Severity): number {
  return SEVERITIES.indexOf(a) - SEVERITIES.indexOf(b);
}
