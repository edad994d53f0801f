import { inParallel } from '../src/app/in-parallel.ts';
import { planChecks } from '../src/app/plan-checks.ts';
import type { ProbeInput } from '../src/app/ports.ts';
import { limitsFor } from '../src/app/probe-limits.ts';
import { probeTarget } from '../src/app/probe-target.ts';
import { compose } from '../src/compose.ts';
import { answerParent } from './support/child.ts';
import { peakRssMb } from './support/machine.ts';

export interface ThousandRequest {
  readonly urls: readonly string[];
  readonly caPem: string;
  readonly concurrency: number;
}

export interface ThousandAnswer {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly restingRssMb: number;
  readonly peakRssMb: number;
  /** How many targets have which verdict. */
  readonly verdicts: Readonly<Record<string, number>>;
  readonly slowestHealthyMs: number;
}

const deps = compose();

answerParent<ThousandRequest, ThousandAnswer>(async ({ urls, caPem, concurrency }) => {
  const restingRssMb = process.memoryUsage.rss() / 2 ** 20;
  const cpu = process.cpuUsage();
  const started = performance.now();
  // All reports are kept to the end: no cycle keeps more.
  const reports = await inParallel(urls, concurrency, (url) => {
    const input: ProbeInput = {
      url,
      checks: planChecks({ dialects: ['android'], longUrl: false }),
      longUrlBytes: 0,
      limits: limitsFor(20_000),
      ca: caPem,
      insecure: false,
      compareBackends: 0,
      vantage: 'bench',
    };
    return probeTarget(deps, input, { vantagePoints: 1, caPins: [], history: {} });
  });
  const wallMs = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  const verdicts: Record<string, number> = {};
  for (const { verdict } of reports) verdicts[verdict.code] = (verdicts[verdict.code] ?? 0) + 1;
  const healthy = reports.filter(({ verdict }) => verdict.severity === 'ok').map(({ observation }) => observation.durationMs);
  return {
    wallMs,
    cpuMs: (user + system) / 1000,
    restingRssMb,
    peakRssMb: peakRssMb(),
    verdicts,
    slowestHealthyMs: Math.max(0, ...healthy),
  };
});
