import type { Log } from './app/log.ts';
import type { MonitorPlan } from './app/monitor-plan.ts';
import type { CycleDeps } from './app/run-cycle.ts';
import type { ConfigProblem } from './config/load.ts';
import type { HealthAnswer } from './core/render/health-json.ts';

/** A monitor that is ready to work; only the log is missing, which belongs to each call. */
export interface Monitor {
  readonly ok: true;
  readonly plan: MonitorPlan;
  readonly cycleEveryMs: number;
  readonly deps: (log: Log) => CycleDeps;
  /** How it is; who asks again within seconds gets the same answer, because anybody may ask. */
  readonly health: (log: Log) => Promise<HealthAnswer>;
  readonly close: () => Promise<void>;
}

/** The settings are not fit for work; nothing was started. */
export interface Misconfigured {
  readonly ok: false;
  readonly problems: readonly ConfigProblem[];
}

export type ComposedMonitor = Monitor | Misconfigured;

/** Started with settings that cannot be used. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** The monitor, or a ConfigurationError that names every problem at once. */
export function readyMonitor(composed: ComposedMonitor): Monitor {
  if (composed.ok) return composed;
  throw new ConfigurationError(`the configuration cannot be used: ${problemLines(composed).join('; ')}`);
}

/** `setting: what is wrong`, one line for each problem. */
export function problemLines({ problems }: Misconfigured): readonly string[] {
  return problems.map(
    ({ setting, line, column, message }) => `${setting}${line === undefined ? '' : ` (line ${line}, column ${column})`}: ${message}`,
  );
}

interface Remembered {
  readonly monitor: Promise<ComposedMonitor>;
  forgetAt: number;
}

/** A file that was not there yet may be there soon. */
const ASK_AGAIN_MS = 30_000;

let composed: Remembered | undefined;

/** A monitor that can work is kept for the life of the process; one that cannot is tried again after a while, one that failed at once. */
function remembered(monitor: Promise<ComposedMonitor>): Remembered {
  const made: Remembered = { monitor, forgetAt: Number.POSITIVE_INFINITY };
  monitor.then(
    ({ ok }) => {
      if (!ok) made.forgetAt = Date.now() + ASK_AGAIN_MS;
    },
    () => {
      made.forgetAt = 0;
    },
  );
  return made;
}

/**
 * The monitor of this process, made from the environment on first use and never at import: a worker whose entry file throws
 * has no functions at all, and nobody could ask it why. Rejects with a StoreError when the storage is there but not usable; the next call tries again.
 */
export function composeMonitor(): Promise<ComposedMonitor> {
  if (composed === undefined || Date.now() >= composed.forgetAt) composed = remembered(create());
  return composed.monitor;
}

/** Waits for what is under way and forgets the monitor of this process; the next use makes one from the environment as it is then. */
export async function closeMonitor(): Promise<void> {
  const ending = composed;
  composed = undefined;
  const monitor = await ending?.monitor.catch(() => undefined);
  if (monitor?.ok === true) await monitor.close();
}

/** The libraries for storage, settings and network are loaded with the first call, so that a worker that starts is ready at once. */
async function create(): Promise<ComposedMonitor> {
  const { createMonitor } = await import('./create-monitor.ts');
  return createMonitor(process.env);
}
