import type { MaintenanceWindow } from '../core/monitor/maintenance.ts';
import type { Policy } from '../core/monitor/policy.ts';
import type { Dialect } from '../core/scep/dialect.ts';

/** One target as the monitor watches it: every setting decided, every file read. */
export interface MonitoredTarget {
  readonly id: string;
  readonly name: string;
  readonly tenant?: string;
  readonly url: string;
  readonly dialects: readonly Dialect[];
  readonly answerMs: number;
  readonly longUrlBytes: number;
  /** How often a long URL is sent; 0 is never. */
  readonly longUrlEveryMs: number;
  readonly compareBackends: number;
  /** PEM certificates to trust besides the public roots. */
  readonly ca?: string;
  readonly caPins: readonly string[];
  readonly periodMs: number;
  readonly policy: Policy;
}

/** The whole configuration as the cycle uses it. */
export interface MonitorPlan {
  readonly vantage: string;
  readonly targets: readonly MonitoredTarget[];
  readonly maintenance: readonly MaintenanceWindow[];
  /** Targets probed at a time. */
  readonly concurrency: number;
  /** No target is started after this. */
  readonly cycleBudgetMs: number;
  /** Every probe and every write of a cycle is done by then. */
  readonly cycleLimitMs: number;
  /** Longer than this without a completed cycle, and the monitor counts as having been off. */
  readonly breakAfterMs: number;
  /** Targets start spread over so many milliseconds. */
  readonly jitterMs: number;
  /** How long to wait before looking again at a target that has just turned bad. */
  readonly recheckAfterMs: number;
  /** Asked when no target can be reached; empty: never asked. */
  readonly controlUrls: readonly string[];
  readonly retention: { readonly resultsMs: number; readonly hoursMs: number };
}
