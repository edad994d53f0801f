import type { VerdictCode } from '../verdict/code.ts';

/** When a result becomes an incident, and when an incident ends. */
export interface Policy {
  /** Bad results in a row before an incident opens or gets worse. */
  readonly failuresBeforeAlert: number;
  /** Better results in a row before it eases or ends. */
  readonly successesBeforeResolve: number;
  /** Verdicts that do not wait for `failuresBeforeAlert`. */
  readonly pageAtOnce: readonly VerdictCode[];
  readonly flap: {
    /** So many changes between working and failing … */
    readonly changes: number;
    /** … within so many milliseconds, or within as many results when they come more seldom, are flapping … */
    readonly windowMs: number;
    /** … until it has not changed for so many milliseconds. */
    readonly holdMs: number;
  };
  /** After so many milliseconds without a result the earlier ones count towards a confirmation only if the monitor was at work all the time. Twice the period and a minute. */
  readonly staleAfterMs: number;
}

/** Configuration that somebody has to put right: none of these comes and goes by itself. */
export const PAGE_AT_ONCE: readonly VerdictCode[] = [
  'preauth-entra-id-enabled',
  'approxy-empty-connector-group',
  'ndes-admin-page-exposed',
  'ndes-policy-module-not-loaded',
  'tls-certificate-expired',
  'ra-certificate-expired',
  'ca-certificate-expired',
  'ca-pin-mismatch',
];

export const DEFAULT_FAILURES_BEFORE_ALERT = 2;
export const DEFAULT_SUCCESSES_BEFORE_RESOLVE = 2;
export const DEFAULT_FLAP = { changes: 5, windowMinutes: 60, holdMinutes: 30 } as const;
