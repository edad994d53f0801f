import { app, type InvocationContext, type Timer } from '@azure/functions';
import { runCycle } from '../src/app/run-cycle.ts';
import { composeMonitor, readyMonitor } from '../src/compose-monitor.ts';
import { invocationLog } from '../src/invocation-log.ts';

/** One cycle: every target that is due is probed, judged and committed. A failure is one of the invocation, so that it shows. */
export async function probe(timer: Timer, context: InvocationContext, composed = composeMonitor()): Promise<void> {
  const { plan, deps } = readyMonitor(await composed);
  const trigger = timer.isPastDue ? 'past-due' : 'timer';
  await runCycle(deps(invocationLog(context)), plan, { trigger }, AbortSignal.timeout(plan.cycleLimitMs));
}

app.timer('probe', { schedule: '%SCEPWATCH_PROBE_SCHEDULE%', handler: (timer, context) => probe(timer, context) });
