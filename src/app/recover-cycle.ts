import type { MonitorPlan } from './monitor-plan.ts';
import { type CycleDeps, type CycleReport, runCycle } from './run-cycle.ts';

const LEASE = 'overdue-cycle';

export type Recovery =
  | { readonly kind: 'completed'; readonly report: CycleReport }
  /** Started here and not done within the time that the caller waits; it goes on. */
  | { readonly kind: 'running' }
  /** Somebody has started one within this period. */
  | { readonly kind: 'not-needed' };

/**
 * Runs the cycle that the timer did not start. Over all instances one caller at a time gets to do it, and one within `everyMs`.
 * Waits at most `waitMs` for it, because who found it overdue is waiting for an answer.
 */
export async function recoverCycle(
  deps: CycleDeps,
  plan: MonitorPlan,
  everyMs: number,
  waitMs: number,
  signal: AbortSignal,
): Promise<Recovery> {
  const { store, now, log, newId } = deps;
  const at = now();
  const holder = newId();
  // As long as the cycle may take at the most; a process that is killed in it holds up the others no longer than that.
  if (!(await store.takeLease(LEASE, holder, at, at + plan.cycleLimitMs, signal))) return { kind: 'not-needed' };
  log.warn('no cycle has been completed for too long; this read starts one', { everyMs });
  const cycle = runCycle(deps, plan, { trigger: 'overdue' }, signal)
    .finally(() => store.shortenLease(LEASE, holder, Math.max(now(), at + everyMs), signal))
    .then((report): Recovery => ({ kind: 'completed', report }));
  // Whoever stops waiting does not hear of it any more, and an unheard rejection would end the process.
  cycle.catch((error: unknown) =>
    log.error('the cycle that a read had started failed', { problem: error instanceof Error ? error.message : String(error) }),
  );
  return Promise.race([cycle, deps.delay(waitMs, signal).then((): Recovery => ({ kind: 'running' }))]);
}
