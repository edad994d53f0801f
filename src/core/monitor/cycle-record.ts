import type { Severity } from '../verdict/severity.ts';

/** Who started a cycle: the timer on time, the timer too late, a health read that found it overdue, or a person. */
export const CYCLE_TRIGGERS = ['timer', 'past-due', 'overdue', 'command'] as const;

export type CycleTrigger = (typeof CYCLE_TRIGGERS)[number];

/** What became of the due targets of a cycle. */
export interface CycleCounts {
  readonly due: number;
  readonly committed: number;
  /** Another cycle was faster; its result stands. */
  readonly overtaken: number;
  /** Did not fit into the budget; first next time. */
  readonly deferred: number;
  /** The result could not be stored; `problems` says why. */
  readonly failed: number;
}

/** The last cycle that ran to its end. Times in epoch ms. */
export interface CycleRecord {
  readonly id: string;
  readonly trigger: CycleTrigger;
  readonly startedAt: number;
  readonly completedAt: number;
  readonly counts: CycleCounts;
  readonly severities: Readonly<Record<Severity, number>>;
  /** `fine`: something answered, or there was no reason to ask. */
  readonly ownNetwork: 'fine' | 'down';
  /** Since when no cycle has seen anything of the outside; absent while it sees. */
  readonly blindSince?: number;
  /** Start of the first cycle of those that followed each other without a break, up to this one. */
  readonly workingSince: number;
  /** For people, at most a few, without secrets. */
  readonly problems: readonly string[];
  /** Of scepwatch. */
  readonly version: string;
}
