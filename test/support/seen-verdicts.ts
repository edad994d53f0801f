import type { VerdictSeen } from '../../src/core/monitor/state.ts';

/** Verdicts by one letter each, so that a test can write what happens to a target as a line of them, one letter for each cycle. */
export const SEEN_VERDICTS = {
  '.': { code: 'healthy', severity: 'ok', layer: 'ndes' },
  i: { code: 'scep-caps-limited', severity: 'info', layer: 'ndes' },
  u: { code: 'unclassified', severity: 'unknown', layer: 'edge' },
  w: { code: 'slow-response', severity: 'warn', layer: 'ndes' },
  e: { code: 'ra-certificate-expiring', severity: 'warn', layer: 'ca' },
  E: { code: 'ra-certificate-expiring', severity: 'crit', layer: 'ca' },
  X: { code: 'ndes-app-pool-stopped', severity: 'crit', layer: 'ndes' },
  Y: { code: 'tcp-refused', severity: 'crit', layer: 'tcp' },
  /** Pages at once. */
  P: { code: 'ndes-policy-module-not-loaded', severity: 'crit', layer: 'policy-module' },
  /** The monitor's own network was down. */
  b: { code: 'probe-network-down', severity: 'unknown', layer: 'probe' },
} as const satisfies Readonly<Record<string, VerdictSeen>>;

export type SeenLetter = keyof typeof SEEN_VERDICTS;

export const SEEN_LETTERS = Object.keys(SEEN_VERDICTS) as readonly SeenLetter[];

export function isSeenLetter(text: string): text is SeenLetter {
  return Object.hasOwn(SEEN_VERDICTS, text);
}
