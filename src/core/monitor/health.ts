import type { CycleRecord } from './cycle-record.ts';
import type { Status } from './status.ts';

/** How the monitor itself is. Times in epoch ms. */
export interface Health {
  readonly at: number;
  readonly storage: { readonly ok: true; readonly ms: number } | { readonly ok: false; readonly problem: string };
  readonly cycle?: CycleRecord;
  /** Since the last cycle was completed, in milliseconds; absent when none ever was. */
  readonly cycleAgeMs?: number;
  /** From this age on no cycle has run for too long. */
  readonly overdueAfterMs: number;
  readonly overdue: boolean;
  /** For how long no cycle has seen anything of the outside, in milliseconds; absent while it sees. */
  readonly blindMs?: number;
  /** Configured targets by what people are shown of them. */
  readonly targets: Readonly<Record<Status, number>>;
}

const START_LATE_MS = 60_000;

/** A cycle may start as late as the schedule's longest gap allows, twice, and takes its budget. */
export function overdueAfterMs(cycleEveryMs: number, cycleBudgetMs: number): number {
  return 2 * cycleEveryMs + cycleBudgetMs + START_LATE_MS;
}
