import { app, type InvocationContext, type Timer } from '@azure/functions';
import { keepHouse } from '../src/app/keep-house.ts';
import { composeMonitor, readyMonitor } from '../src/compose-monitor.ts';
import { invocationLog } from '../src/invocation-log.ts';

const BUDGET_MS = 5 * 60_000;
/** Below the time limit of host.json: the batch that is under way when the budget is used up still ends in order. */
const LIMIT_MS = 8 * 60_000;

/** Retention, and repair of what follows from something else. What is left over is done in the next run. */
export async function housekeeping(_timer: Timer, context: InvocationContext, composed = composeMonitor()): Promise<void> {
  const { plan, deps } = readyMonitor(await composed);
  const { problems } = await keepHouse(deps(invocationLog(context)), plan, BUDGET_MS, AbortSignal.timeout(LIMIT_MS));
  if (problems.length > 0) throw new Error(`housekeeping could not finish ${problems.length} targets: ${problems.slice(0, 5).join('; ')}`);
}

app.timer('housekeeping', { schedule: '%SCEPWATCH_HOUSEKEEPING_SCHEDULE%', handler: (timer, context) => housekeeping(timer, context) });
