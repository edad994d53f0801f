import { isMoreOftenThanEveryMinute, nextOccurrence, type Schedule } from '../core/schedule/ncrontab.ts';
import { isoTime } from '../core/time.ts';
import type { TimerInput } from './invoke.ts';
import { describeError, type WriteLog } from './log-line.ts';
import { openTimerStatus, type TimerStatus, type TimerStatusFile } from './timer-status.ts';

export interface TimerDefinition {
  readonly functionName: string;
  readonly schedule: Schedule;
  /** false: no status is kept, and a time missed while nothing ran stays missed. Schedules of less than a minute have none anyway. */
  readonly useMonitor: boolean;
  /** Fires once at start, whatever the schedule. */
  readonly runOnStartup: boolean;
  readonly run: (input: TimerInput) => Promise<void>;
}

export interface TimersOptions {
  readonly timers: readonly TimerDefinition[];
  /** Where the status of all timers is kept. */
  readonly statusFile: string;
  /** Epoch milliseconds by the clock on the wall, which may jump. */
  readonly now: () => number;
  readonly log: WriteLog;
  /** The longest time without a look at the clock. */
  readonly recheckMs?: number;
  /** How long `close` waits for handlers that run. */
  readonly drainMs?: number;
}

export interface Timers {
  /** Runs a timer's handler now, after one that is running, and leaves its schedule as it is. Rejects with what the handler threw. */
  readonly run: (functionName: string) => Promise<void>;
  /** Fires nothing more and waits some seconds for handlers that run. */
  readonly close: () => Promise<void>;
}

/** A machine that wakes up and a clock that is set are noticed by looking, not by waiting: timeouts stand still while it sleeps. */
const RECHECK_MS = 30_000;
const DRAIN_MS = 10_000;
/** A clock is corrected by milliseconds all the time. */
const CLOCK_TOLERANCE_MS = 1_000;

/** Starts timers as the Functions host does. Never rejects for a handler's error; rejects when the status file cannot be read. */
export async function startTimers(options: TimersOptions): Promise<Timers> {
  const { timers, statusFile, now, log, drainMs = DRAIN_MS } = options;
  const file = await openTimerStatus(statusFile, now, log);
  const running = new Map(
    await Promise.all(timers.map(async (timer) => [timer.functionName, await startTimer(timer, file, options)] as const)),
  );
  return {
    run: async (functionName) => {
      const timer = running.get(functionName);
      if (timer === undefined) throw new Error(`there is no timer ${functionName}; there are: ${[...running.keys()].join(', ')}`);
      await timer.run();
    },
    close: async () => {
      const late = new Set(running.keys());
      const finished = [...running].map(([name, timer]) => timer.close().then(() => late.delete(name)));
      await withinTime(Promise.all(finished), drainMs);
      for (const name of late) log({ level: 'warning', functionName: name, text: `still runs after ${drainMs} ms and is left behind` });
    },
  };
}

interface RunningTimer {
  readonly run: () => Promise<void>;
  /** Settles when no handler runs any more. */
  readonly close: () => Promise<void>;
}

async function startTimer(timer: TimerDefinition, file: TimerStatusFile, options: TimersOptions): Promise<RunningTimer> {
  const { functionName, schedule } = timer;
  const { now, log, recheckMs = RECHECK_MS } = options;
  const isMonitored = timer.useMonitor && !isMoreOftenThanEveryMinute(schedule);
  const recalled = recall(schedule, isMonitored ? file.get(functionName) : undefined, now());
  let status = recalled.status;
  let seen = now();
  let closed = false;
  let wake: NodeJS.Timeout | undefined;
  let last: Promise<unknown> = Promise.resolve();

  /** One at a time, in order. */
  const exclusively = (work: () => Promise<void>): Promise<void> => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
  const keep = async (changed: TimerStatus): Promise<void> => {
    status = changed;
    if (isMonitored) await file.set(functionName, changed);
  };
  const input = (isPastDue: boolean): TimerInput => ({
    isPastDue,
    adjustForDst: schedule.kind === 'calendar',
    status: isMonitored ? describeStatus(status) : null,
  });

  const fire = (isPastDue: boolean): Promise<void> =>
    exclusively(async () => {
      if (closed) return;
      const at = now();
      try {
        await timer.run(input(isPastDue));
      } catch (error) {
        log({ level: 'error', functionName, text: `failed: ${describeError(error)}` });
      }
      // Counted from the start: what fell due while the handler ran fires once, at once.
      await keep(counted(schedule, at, at));
    });
  const arm = (): void => {
    if (closed || status.next === undefined) return;
    wake = setTimeout(look, Math.min(Math.max(status.next - now(), 0), recheckMs));
  };
  const look = (): void => {
    const at = now();
    // Set back: the next time was counted from a moment that is yet to come.
    if (at < seen - CLOCK_TOLERANCE_MS) status = { ...status, ...counted(schedule, at) };
    seen = at;
    if (status.next === undefined || at < status.next) arm();
    else void fire(false).finally(arm);
  };

  if (isMonitored && recalled.changed) await keep(status);
  if (status.next === undefined) log({ level: 'warning', functionName, text: 'its schedule has no time in the next ten years' });
  if (recalled.isPastDue) log({ level: 'info', functionName, text: 'missed a time while nothing ran, and fires now' });
  if (recalled.isPastDue || timer.runOnStartup) void fire(recalled.isPastDue).finally(arm);
  else arm();

  return {
    run: () =>
      exclusively(async () => {
        if (closed) throw new Error(`the timer ${functionName} has been stopped`);
        await timer.run(input(false));
      }),
    close: async () => {
      closed = true;
      clearTimeout(wake);
      await last;
    },
  };
}

interface Recalled {
  readonly status: TimerStatus;
  /** Not what was stored. */
  readonly changed: boolean;
  /** A time went by while nothing ran. */
  readonly isPastDue: boolean;
}

/** What to go on with after a start. A schedule that is not the one of last time counts from now on, and has missed nothing. */
export function recall(schedule: Schedule, stored: TimerStatus | undefined, now: number): Recalled {
  const basis = stored?.last ?? stored?.lastUpdated;
  // Stored by a clock that was ahead of today's: nothing can be counted from there.
  if (stored === undefined || basis === undefined || basis > now)
    return { status: counted(schedule, now), changed: true, isPastDue: false };
  const expected = nextOccurrence(schedule, basis);
  if (expected === stored.next) return { status: stored, changed: false, isPastDue: expected !== undefined && now > expected };
  const missed = expected === undefined || now > expected;
  return { status: counted(schedule, missed ? now : basis), changed: true, isPastDue: false };
}

function counted(schedule: Schedule, from: number, last?: number): TimerStatus {
  const next = nextOccurrence(schedule, from);
  return { ...(last !== undefined && { last }), ...(next !== undefined && { next }), lastUpdated: from };
}

/** .NET has no time for never: the beginning stands for what has not been yet, and the end for what will not be. */
function describeStatus({ last, next, lastUpdated }: TimerStatus): TimerInput['status'] {
  return {
    last: last === undefined ? '0001-01-01T00:00:00+00:00' : dotNetTime(last),
    next: next === undefined ? '9999-12-31T23:59:59.9999999+00:00' : dotNetTime(next),
    lastUpdated: dotNetTime(lastUpdated),
  };
}

function dotNetTime(epochMs: number): string {
  return isoTime(epochMs).replace('Z', '0000+00:00');
}

async function withinTime(work: Promise<unknown>, limitMs: number): Promise<void> {
  const { promise: overdue, resolve } = Promise.withResolvers<void>();
  const limit = setTimeout(resolve, limitMs);
  await Promise.race([work, overdue]);
  clearTimeout(limit);
}
