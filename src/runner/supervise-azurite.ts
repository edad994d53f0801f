import { type Azurite, type AzuriteOptions, DamagedTablesError, newAccountKey, startAzurite } from './azurite.ts';
import { describeError } from './log-line.ts';

export interface SupervisionOptions extends AzuriteOptions {
  /**
   * Called when Azurite has ended by itself; has to call `start`, which settles when it listens again on the same port, and may give
   * back what it had not saved before anything else is written. When this or `start` rejects, everything is tried again later.
   */
  readonly onRestart?: (start: () => Promise<void>) => Promise<void>;
  /** Milliseconds before each further attempt, the last of them for all that follow. */
  readonly backoffMs?: readonly [number, ...number[]];
}

export interface SupervisedAzurite extends Pick<Azurite, 'connectionString' | 'port' | 'savedAt' | 'close'> {
  /** undefined while there is none. */
  readonly pid: () => number | undefined;
  /** How often it was started again. */
  readonly restarts: () => number;
  /** Settles when it will not be started again because its tables are damaged, with the reason. */
  readonly givenUp: Promise<DamagedTablesError>;
}

const BACKOFF_MS = [100, 500, 1_000, 2_000, 5_000, 10_000, 30_000] as const;
/** After this long without an end the next one is a new misfortune and not the old one again. */
const STABLE_MS = 60_000;

/** Starts Azurite and starts it again, on the same port and with the same key, whenever it ends by itself. Rejects as `startAzurite` does. */
export async function superviseAzurite(options: SupervisionOptions): Promise<SupervisedAzurite> {
  const { log, onRestart = (start) => start(), backoffMs = BACKOFF_MS } = options;
  const accountKey = newAccountKey();
  let running: Azurite | undefined = await startAzurite(options, accountKey);
  const { connectionString, port, savedAt } = running;
  const stopped = Promise.withResolvers<'stopped'>();
  const givenUp = Promise.withResolvers<DamagedTablesError>();
  let restarts = 0;
  let failures = 0;
  let isStopped = false;

  const start = async (): Promise<void> => {
    // A second call within one restart, and one after the end, start nothing.
    if (running !== undefined || isStopped) return;
    running = await startAzurite({ ...options, port }, accountKey);
    restarts++;
  };
  const pause = async (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, backoffMs[Math.min(failures, backoffMs.length - 1)]);
    failures++;
    await Promise.race([promise, stopped.promise]);
    clearTimeout(timer);
  };
  /** Until it stands again; false when it never will. */
  const restart = async (): Promise<boolean> => {
    while (!isStopped) {
      await pause();
      try {
        await onRestart(start);
        await start();
        return true;
      } catch (error) {
        log({ level: 'error', text: `Azurite could not be started again: ${describeError(error)}` });
        if (error instanceof DamagedTablesError) {
          givenUp.resolve(error);
          return false;
        }
      }
      await running?.close();
      running = undefined;
    }
    return false;
  };
  const supervise = async (): Promise<void> => {
    while (running !== undefined) {
      const began = performance.now();
      const outcome = await Promise.race([running.exited, stopped.promise]);
      if (outcome === 'stopped') return;
      running = undefined;
      if (performance.now() - began > STABLE_MS) failures = 0;
      log({ level: 'error', text: `Azurite has ended: ${outcome}; it is started again` });
      if (await restart()) log({ level: 'info', text: 'Azurite runs again' });
    }
  };

  const supervision = supervise();
  return {
    connectionString,
    port,
    savedAt,
    pid: () => running?.pid,
    restarts: () => restarts,
    givenUp: givenUp.promise,
    close: async () => {
      isStopped = true;
      stopped.resolve('stopped');
      await supervision;
      await running?.close();
    },
  };
}
