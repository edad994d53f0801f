import type { Log } from '../src/app/log.ts';
import { runCycle } from '../src/app/run-cycle.ts';
import { readyMonitor } from '../src/compose-monitor.ts';
import type { CycleCounts } from '../src/core/monitor/cycle-record.ts';
import { createMonitor } from '../src/create-monitor.ts';
import { answerParent } from './support/child.ts';
import { peakRssMb } from './support/machine.ts';

/** First the settings, then as many cycles as wanted, each one period of the targets after the one before. */
export type ThousandRequest =
  | { readonly kind: 'settings'; readonly environment: Readonly<Record<string, string>> }
  | { readonly kind: 'cycle'; readonly periodMs: number };

export interface ThousandAnswer {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly rssMb: number;
  /** Since the process was started. */
  readonly peakRssMb: number;
  readonly counts: CycleCounts;
  /** How many targets have which verdict. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** Slowest answer of a target that works. */
  readonly slowestHealthyMs: number;
  /** From the start of the cycle to the moment when the last target that works had its turn. */
  readonly lastHealthyMs: number;
}

const NOTHING: CycleCounts = { due: 0, committed: 0, overtaken: 0, deferred: 0, failed: 0 };

const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: (message, fields) => console.error(message, fields) };

let monitor: ReturnType<typeof readyMonitor> | undefined;
/** How far the monitor's clock is ahead of the real one. */
let aheadMs = 0;

answerParent<ThousandRequest, ThousandAnswer>(async (request) => {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const spent = () => {
    const { user, system } = process.cpuUsage(cpu);
    return {
      wallMs: performance.now() - started,
      cpuMs: (user + system) / 1000,
      rssMb: process.memoryUsage.rss() / 2 ** 20,
      peakRssMb: peakRssMb(),
    };
  };
  if (request.kind === 'settings') {
    monitor = readyMonitor(await createMonitor(request.environment));
    return { ...spent(), counts: NOTHING, verdicts: {}, slowestHealthyMs: 0, lastHealthyMs: 0 };
  }
  if (monitor === undefined) throw new Error('no settings yet');
  const deps = { ...monitor.deps(log), now: () => Date.now() + aheadMs };
  const { record } = await runCycle(deps, monitor.plan, { trigger: 'timer' }, AbortSignal.timeout(monitor.plan.cycleLimitMs));
  const measured = spent();
  aheadMs += request.periodMs;
  const { summaries } = await deps.store.readFleet();
  const verdicts: Record<string, number> = {};
  for (const { verdict } of summaries) verdicts[verdict.code] = (verdicts[verdict.code] ?? 0) + 1;
  const healthy = summaries.filter(({ verdict }) => verdict.severity === 'ok');
  return {
    ...measured,
    counts: record.counts,
    verdicts,
    slowestHealthyMs: Math.max(0, ...healthy.map(({ view }) => view.responseMs ?? 0)),
    lastHealthyMs: Math.max(0, ...healthy.map(({ lastAt }) => lastAt - record.startedAt)),
  };
});
