import { type HealthAnswer, healthAnswer } from '../core/render/health-json.ts';
import type { MonitorPlan } from './monitor-plan.ts';
import { readHealth } from './read-health.ts';
import { recoverCycle } from './recover-cycle.ts';
import type { CycleDeps } from './run-cycle.ts';

export interface HealthMonitor {
  readonly plan: MonitorPlan;
  readonly cycleEveryMs: number;
  readonly deps: CycleDeps;
}

/** A watchdog gives up after half a minute; until then a started cycle may be done and the answer good again. */
const WAIT_FOR_CYCLE_MS = 15_000;
const READ_LIMIT_MS = 8_000;
/** The period in which one self-started cycle is enough, however often anybody reads. */
const MIN_RECOVERY_PERIOD_MS = 60_000;

/** Reads how the monitor is; when its last cycle is too old, starts one and reads again. */
export async function answerHealth({ plan, cycleEveryMs, deps }: HealthMonitor): Promise<HealthAnswer> {
  const health = await readHealth(deps, plan, cycleEveryMs, AbortSignal.timeout(READ_LIMIT_MS));
  if (!health.overdue) return healthAnswer(health, deps.version);
  const period = Math.max(cycleEveryMs, MIN_RECOVERY_PERIOD_MS);
  const recovery = await recoverCycle(deps, plan, period, WAIT_FOR_CYCLE_MS, AbortSignal.timeout(plan.cycleLimitMs));
  switch (recovery.kind) {
    case 'completed':
      return healthAnswer(await readHealth(deps, plan, cycleEveryMs, AbortSignal.timeout(READ_LIMIT_MS)), deps.version, [
        'The last cycle was overdue; this read ran one. Look at why the timer did not.',
      ]);
    case 'running':
      return healthAnswer(health, deps.version, ['The last cycle is overdue; this read started one, and it is under way.']);
    case 'not-needed':
      return healthAnswer(health, deps.version, ['The last cycle is overdue; another read has started one within this period.']);
  }
}
