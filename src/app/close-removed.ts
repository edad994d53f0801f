import { abandon } from '../core/monitor/decide.ts';
import type { IncidentEvent } from '../core/monitor/incident.ts';
import { summarise } from '../core/monitor/summary.ts';
import type { MonitorPlan } from './monitor-plan.ts';
import type { CycleDeps } from './run-cycle.ts';
import type { FleetIndex } from './store.ts';

/** More than one target has of what is left without a record; the rest goes in the next cycles. */
const FORGET_ROWS = 1_000;

/** Ends what is open of targets that are no longer configured, so that nothing stays red for ever. Their history stays until retention takes it. */
export async function closeRemoved(
  deps: Pick<CycleDeps, 'store' | 'now' | 'log' | 'newId'>,
  plan: Pick<MonitorPlan, 'targets'>,
  { targets }: FleetIndex,
  signal: AbortSignal,
): Promise<readonly IncidentEvent[]> {
  const configured = new Set(plan.targets.map(({ id }) => id));
  const removed = [...targets].filter(([id, { removedAt }]) => !configured.has(id) && removedAt === undefined);
  const events: IncidentEvent[] = [];
  for (const [id, { etag }] of removed) {
    const event = await close(deps, id, etag, signal);
    if (event !== undefined) events.push(event);
  }
  return events;
}

async function close(
  { store, now, log, newId }: Pick<CycleDeps, 'store' | 'now' | 'log' | 'newId'>,
  target: string,
  before: string,
  signal: AbortSignal,
): Promise<IncidentEvent | undefined> {
  const at = now();
  const stored = await store.readTarget(target, signal);
  // Somebody deleted the record; without one nothing can be open.
  if (stored === undefined) {
    await store.forget(target, FORGET_ROWS, signal);
    return undefined;
  }
  const ended = abandon(stored.value.state, at);
  const record = { ...stored.value, version: stored.value.version + 1, commit: newId(), state: ended?.state ?? stored.value.state };
  const incidents = ended === undefined ? [] : [ended.event.incident];
  const written = await store.commitTarget({ target, before: stored.etag, record, hours: [], days: [], incidents }, signal);
  // Whoever was faster either did the same or watches the target again; the next cycle sees what remains.
  if (written === 'conflict') return undefined;
  await store.writeSummaries([{ summary: { ...summarise(target, record), removedAt: at }, before }], signal);
  log.info('a target is no longer configured', { target, incident: ended?.event.incident.id });
  return ended?.event;
}
