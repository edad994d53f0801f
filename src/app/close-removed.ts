import { abandon } from '../core/monitor/decide.ts';
import { staleAfterMs } from '../core/monitor/due.ts';
import type { IncidentEvent } from '../core/monitor/incident.ts';
import { summarise } from '../core/monitor/summary.ts';
import { inParallel } from './in-parallel.ts';
import type { MonitorPlan } from './monitor-plan.ts';
import type { CycleDeps } from './run-cycle.ts';
import type { FleetIndex, IndexEntry } from './store.ts';

export interface Closed {
  readonly events: readonly IncidentEvent[];
  /** For people. */
  readonly problems: readonly string[];
}

type CloseDeps = Pick<CycleDeps, 'store' | 'now' | 'log' | 'newId'>;

/** Whoever mends a configuration that lost its targets has so long before anything is closed, in ms. */
const GRACE_MS = 3_600_000;
const MOST_IN_ONE_CYCLE = 100;
const AT_A_TIME = 10;
/** More than a target without a record has; what is left goes in the next cycles. */
const FORGET_ROWS = 1_000;

/**
 * Ends what is open of targets that are no longer configured, so that nothing stays red for ever. Their history stays until retention takes it.
 * A target that somebody still probes is left alone: another monitor on the same table may know it.
 */
export async function closeRemoved(
  deps: CloseDeps,
  plan: Pick<MonitorPlan, 'targets'>,
  { targets }: FleetIndex,
  signal: AbortSignal,
): Promise<Closed> {
  const configured = new Set(plan.targets.map(({ id }) => id));
  const now = deps.now();
  const removed = [...targets].filter(([id, entry]) => !configured.has(id) && isAbandoned(entry, now)).slice(0, MOST_IN_ONE_CYCLE);
  const closed = await inParallel(removed, AT_A_TIME, async ([id, { etag }]): Promise<Closed> => {
    try {
      const event = await close(deps, id, etag, signal);
      return { events: event === undefined ? [] : [event], problems: [] };
    } catch (error) {
      signal.throwIfAborted();
      return { events: [], problems: [`${id}, no longer configured: ${error instanceof Error ? error.message : String(error)}`] };
    }
  });
  return { events: closed.flatMap(({ events }) => events), problems: closed.flatMap(({ problems }) => problems) };
}

function isAbandoned({ lastAt, periodMs, removedAt }: IndexEntry, now: number): boolean {
  return removedAt === undefined && now - lastAt > Math.max(GRACE_MS, staleAfterMs(periodMs));
}

async function close(
  { store, now, log, newId }: CloseDeps,
  target: string,
  before: string,
  signal: AbortSignal,
): Promise<IncidentEvent | undefined> {
  const at = now();
  const stored = await store.readTarget(target, signal);
  // Somebody deleted all that there was of it.
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
