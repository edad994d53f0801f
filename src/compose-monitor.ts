import type { Log } from './app/log.ts';
import type { MonitorPlan } from './app/monitor-plan.ts';
import type { CycleDeps } from './app/run-cycle.ts';
import type { ConfigProblem } from './config/load.ts';

/** A monitor that is ready to work; only the log is missing, which belongs to each call. */
export interface Monitor {
  readonly ok: true;
  readonly plan: MonitorPlan;
  readonly cycleEveryMs: number;
  /** After this a cycle is ended by force. Its own budget ends it long before, unless the storage hangs. */
  readonly cycleLimitMs: number;
  readonly deps: (log: Log) => CycleDeps;
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

let composed: Promise<ComposedMonitor> | undefined;

/**
 * The monitor of this process, made from the environment on first use and never at import: a worker whose entry file throws
 * has no functions at all, and nobody could ask it why. Rejects with a StoreError when the storage is there but not usable; the next call tries again.
 */
export function composeMonitor(): Promise<ComposedMonitor> {
  composed ??= create().catch((error: unknown) => {
    composed = undefined;
    throw error;
  });
  return composed;
}

/** Waits for what is under way and forgets the monitor of this process; the next use makes one from the environment as it is then. */
export async function closeMonitor(): Promise<void> {
  const ending = composed;
  composed = undefined;
  const monitor = await ending?.catch(() => undefined);
  if (monitor?.ok === true) await monitor.close();
}

/** The libraries for storage, settings and network are loaded with the first call, so that a worker that starts is ready at once. */
async function create(): Promise<ComposedMonitor> {
  const { createMonitor } = await import('./create-monitor.ts');
  return createMonitor(process.env);
}
