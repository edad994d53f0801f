import type { CycleRecord } from '../core/monitor/cycle-record.ts';
import { staleAfterMs } from '../core/monitor/due.ts';
import { type Health, overdueAfterMs } from '../core/monitor/health.ts';
import { isStale, STATUSES, type Status } from '../core/monitor/status.ts';
import type { MonitorPlan } from './monitor-plan.ts';
import type { Store } from './store.ts';

/** Between two instances. */
const CLOCKS_DIFFER_MS = 60_000;

export interface HealthDeps {
  readonly store: Store;
  readonly now: () => number;
}

/** Reads how the monitor is; storage that does not work is an answer. */
export async function readHealth(
  { store, now }: HealthDeps,
  plan: MonitorPlan,
  cycleEveryMs: number,
  signal: AbortSignal,
): Promise<Health> {
  const at = now();
  const limit = overdueAfterMs(cycleEveryMs, plan.cycleBudgetMs);
  try {
    const [cycle, { targets }] = await Promise.all([store.readCycle(signal), store.readFleetIndex(signal)]);
    const statuses = plan.targets.map(({ id, periodMs }): Status => {
      const entry = targets.get(id);
      return entry === undefined || isStale(entry.lastAt, at, staleAfterMs(periodMs)) ? 'unknown' : entry.status;
    });
    const cycleAgeMs = ageOf(cycle, at);
    return {
      at,
      storage: { ok: true, ms: now() - at },
      ...(cycle !== undefined && { cycle }),
      ...(cycle?.blindSince !== undefined && { blindMs: Math.max(0, at - cycle.blindSince) }),
      ...(cycleAgeMs !== undefined && { cycleAgeMs }),
      overdueAfterMs: limit,
      overdue: cycleAgeMs === undefined || cycleAgeMs > limit,
      targets: countsOf(statuses),
    };
  } catch (error) {
    const problem = signal.aborted ? 'it did not answer in time' : error instanceof Error ? error.message : String(error);
    return {
      at,
      storage: { ok: false, problem },
      overdueAfterMs: limit,
      overdue: false,
      targets: countsOf(plan.targets.map(() => 'unknown')),
    };
  }
}

/** A cycle that was completed in the future was told by a clock that has been put back since: when it was is not known. */
function ageOf(cycle: CycleRecord | undefined, at: number): number | undefined {
  if (cycle === undefined || cycle.completedAt > at + CLOCKS_DIFFER_MS) return undefined;
  return Math.max(0, at - cycle.completedAt);
}

function countsOf(statuses: readonly Status[]): Readonly<Record<Status, number>> {
  return Object.fromEntries(STATUSES.map((status) => [status, statuses.filter((one) => one === status).length])) as Record<Status, number>;
}
