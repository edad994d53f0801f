import { setTimeout as sleep } from 'node:timers/promises';
import { nextDueAt } from '../core/monitor/next-due.ts';
import { type FleetSeen, overviewOf, overviewSeverities } from '../core/monitor/overview.ts';
import { type MonitorStore, openMonitorStore } from './monitor-store.ts';
import type { StorageOptions } from './storage-options.ts';
import { UsageError } from './usage-error.ts';
import type { WatchSource } from './watch-source.ts';

const READ_EVERY_MS = 3_000;
/** Incidents are listed by when they were opened; this is after all of them. */
const END_OF_TIME = 9_999_999_999_999;

/** The running monitor, as its storage has it. Rejects with a UsageError when there is none, or when it cannot be read for the first time. */
export async function watchMonitor(options: StorageOptions, environment: NodeJS.ProcessEnv): Promise<WatchSource> {
  let monitor = await openMonitorStore(options, environment);
  const readFleet = (): Promise<FleetSeen> => monitor.read((store, signal) => store.readFleet(signal));
  let first: FleetSeen | undefined = await readFleet();
  return {
    about: monitor.about,
    history: 'hours',
    run: async (listener, once, signal) => {
      for (;;) {
        try {
          const fleet = first ?? (await readFleet());
          first = undefined;
          listener.trouble(undefined);
          await listener.fleet(fleet, nextResultAt(fleet, Date.now()));
        } catch (error) {
          if (!(error instanceof UsageError)) throw error;
          listener.trouble(error.message);
          monitor = await reopened(monitor, options, environment);
        }
        if (once) return;
        await sleep(READ_EVERY_MS, undefined, { signal });
      }
    },
    updates: async (target, since) => {
      const [newest] = await monitor.read((store, signal) =>
        store.readIncidents(target, { from: 0, before: END_OF_TIME, limit: 1 }, signal),
      );
      return newest?.updates.filter(({ at }) => at > since) ?? [];
    },
    severities: (fleet, now) => overviewSeverities(overviewOf(fleet, now)),
  };
}

/** A monitor that was started again has its storage elsewhere. */
async function reopened(monitor: MonitorStore, options: StorageOptions, environment: NodeJS.ProcessEnv): Promise<MonitorStore> {
  try {
    return await openMonitorStore(options, environment);
  } catch (error) {
    if (error instanceof UsageError) return monitor;
    throw error;
  }
}

/** When the next target is due; undefined without targets. Epoch ms. */
function nextResultAt({ summaries }: FleetSeen, now: number): number | undefined {
  const watched = summaries.filter(({ removedAt }) => removedAt === undefined);
  if (watched.length === 0) return undefined;
  return Math.min(...watched.map(({ lastAt, view }) => Math.max(now, nextDueAt(lastAt, view.periodMs))));
}
