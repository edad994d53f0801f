import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../app/log.ts';
import type { MonitorPlan } from '../app/monitor-plan.ts';
import { type CycleDeps, runCycle } from '../app/run-cycle.ts';
import { compose } from '../compose.ts';
import { nextDueAt } from '../core/monitor/next-due.ts';
import type { FleetSeen } from '../core/monitor/overview.ts';
import { counted } from '../core/render/status-words.ts';
import { HOUR_MS } from '../core/rollup/rollup.ts';
import { memoryRows } from '../store/memory-rows.ts';
import { createStore } from '../store/store.ts';
import { VERSION } from '../version.ts';
import type { WatchListener, WatchSource } from './watch-source.ts';

const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** What is kept in memory is only looked at as a whole; older results would only fill it. */
const KEPT_RESULTS_MS = HOUR_MS;
const KEPT_HOURS_MS = 48 * HOUR_MS;
const PRUNED_AT_ONCE = 1_000;
/** Incidents are listed by when they were opened; this is after all of them. */
const END_OF_TIME = 9_999_999_999_999;

/** A monitor of its own, with everything in memory: it sees what the real one would see from here, and leaves nothing behind. */
export function watchFromHere(plan: MonitorPlan): WatchSource {
  const store = createStore(memoryRows());
  const deps: CycleDeps = {
    ...compose(),
    store,
    log: SILENT,
    random: Math.random,
    newId: randomUUID,
    delay: async (ms, signal) => {
      await sleep(ms, undefined, { signal });
    },
    version: VERSION,
  };
  return {
    about: `${counted(plan.targets.length, 'target')} watched from ${plan.vantage}, nothing is kept`,
    history: 'results',
    run: async (listener, once, signal) => {
      for (;;) {
        const fleet = await cycle(deps, plan, listener, signal);
        const nextAt = nextCycleAt(plan, fleet);
        await listener.fleet(fleet, once ? undefined : nextAt);
        if (once) return;
        await prune(deps, plan);
        await sleep(Math.max(0, nextAt - deps.now()), undefined, { signal });
      }
    },
    updates: async (target, since) => {
      const [newest] = await store.readIncidents(target, { from: 0, before: END_OF_TIME, limit: 1 });
      return newest?.updates.filter(({ at }) => at > since) ?? [];
    },
    // A single round confirms nothing, so that what counts is what was seen, as with a probe.
    severities: ({ summaries }) => summaries.map(({ verdict }) => verdict.severity),
  };
}

async function cycle(deps: CycleDeps, plan: MonitorPlan, listener: WatchListener, signal: AbortSignal): Promise<FleetSeen> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  listener.progress(0, plan.targets.length);
  try {
    // Whoever ends the table does not wait for a server that is silent.
    await Promise.race([aborted, runCycle(deps, plan, { trigger: 'command', onProgress: listener.progress }, signal)]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
  return deps.store.readFleet(signal);
}

/** When the first target is due again. Epoch ms. */
function nextCycleAt({ targets }: MonitorPlan, { summaries }: FleetSeen): number {
  const lastAt = new Map(summaries.map((summary) => [summary.id, summary.lastAt]));
  return Math.min(...targets.map(({ id, periodMs }) => nextDueAt(lastAt.get(id) ?? 0, periodMs)));
}

async function prune({ store, now }: CycleDeps, { targets }: MonitorPlan): Promise<void> {
  const retention = { resultsBefore: now() - KEPT_RESULTS_MS, hoursBefore: now() - KEPT_HOURS_MS, resultsAfter: Number.POSITIVE_INFINITY };
  for (const { id } of targets) await store.prune(id, retention, PRUNED_AT_ONCE);
}
