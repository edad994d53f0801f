import { BUCKET_BOUNDS_MS, percentile } from '../rollup/histogram.ts';
import { detached } from './formats/evidence-text.ts';
import type { OperationCount, PlatformCount, StatusCount } from './log-summary.ts';
import type { Outcome } from './outcome.ts';
import { LOG_OPERATIONS, type LogOperation, PLATFORMS, type Platform, type ScepExchange } from './scep-exchange.ts';

/** A server that invents statuses does not get more memory than this for each operation. */
const STATUSES_KEPT = 40;
const STATUSES_SHOWN = 5;

/** Counted in place: a new array for each of millions of requests would be most of the work. */
interface Counts {
  ok: number;
  failed: number;
  untold: number;
  readonly latency: number[];
  slowestMs: number;
  readonly statuses: Map<string, number>;
  firstAt: number;
  lastAt: number;
  lastGoodAt: number;
}

/** How often each platform asked for each thing and how it was answered. */
export interface RequestCounts {
  readonly add: (exchange: ScepExchange, outcome: Outcome, at: number | undefined) => void;
  readonly result: () => readonly PlatformCount[];
}

export function createRequestCounts(): RequestCounts {
  const byPlatform = new Map<Platform, Map<LogOperation, Counts>>();
  const countsOf = (platform: Platform, operation: LogOperation): Counts => {
    let operations = byPlatform.get(platform);
    if (operations === undefined) {
      operations = new Map();
      byPlatform.set(platform, operations);
    }
    let counts = operations.get(operation);
    if (counts === undefined) {
      counts = emptyCounts();
      operations.set(operation, counts);
    }
    return counts;
  };
  return {
    add: (exchange, outcome, at) => {
      const counts = countsOf(exchange.platform, exchange.operation);
      counts[outcome]++;
      if (exchange.tookMs !== undefined) addLatency(counts, exchange.tookMs);
      if (exchange.status !== undefined) addStatus(counts, exchange);
      if (at === undefined) return;
      if (at < counts.firstAt) counts.firstAt = at;
      if (at > counts.lastAt) counts.lastAt = at;
      if (outcome === 'ok' && at > counts.lastGoodAt) counts.lastGoodAt = at;
    },
    result: () =>
      PLATFORMS.flatMap((platform) => {
        const operations = byPlatform.get(platform);
        return operations === undefined ? [] : [platformCount(platform, operations)];
      }),
  };
}

function emptyCounts(): Counts {
  return {
    ok: 0,
    failed: 0,
    untold: 0,
    latency: new Array<number>(BUCKET_BOUNDS_MS.length + 1).fill(0),
    slowestMs: 0,
    statuses: new Map(),
    firstAt: Number.POSITIVE_INFINITY,
    lastAt: Number.NEGATIVE_INFINITY,
    lastGoodAt: Number.NEGATIVE_INFINITY,
  };
}

function addLatency(counts: Counts, ms: number): void {
  if (!(ms >= 0)) return;
  let bucket = 0;
  while (bucket < BUCKET_BOUNDS_MS.length && ms > (BUCKET_BOUNDS_MS[bucket] ?? 0)) bucket++;
  counts.latency[bucket] = (counts.latency[bucket] ?? 0) + 1;
  if (ms > counts.slowestMs) counts.slowestMs = ms;
}

function addStatus({ statuses }: Counts, exchange: ScepExchange): void {
  const status = statusText(exchange);
  const count = statuses.get(status);
  if (count !== undefined) statuses.set(status, count + 1);
  else if (statuses.size < STATUSES_KEPT) statuses.set(detached(status), 1);
}

/** `500.0 1346`; what says nothing is left out. */
export function statusText({ status, substatus = 0, win32 = 0 }: ScepExchange): string {
  return `${status ?? '–'}${substatus === 0 ? '' : `.${substatus}`}${win32 === 0 ? '' : ` ${win32}`}`;
}

function platformCount(platform: Platform, operations: ReadonlyMap<LogOperation, Counts>): PlatformCount {
  return {
    platform,
    ...figures(mergedCounts([...operations.values()])),
    operations: LOG_OPERATIONS.flatMap((operation): readonly OperationCount[] => {
      const counts = operations.get(operation);
      return counts === undefined ? [] : [{ operation, ...figures(counts), statuses: topStatuses(counts) }];
    }),
  };
}

function mergedCounts(all: readonly Counts[]): Counts {
  return all.reduce<Counts>(
    (sum, one) => ({
      ok: sum.ok + one.ok,
      failed: sum.failed + one.failed,
      untold: sum.untold + one.untold,
      latency: sum.latency.map((count, bucket) => count + (one.latency[bucket] ?? 0)),
      slowestMs: Math.max(sum.slowestMs, one.slowestMs),
      statuses: sum.statuses,
      firstAt: Math.min(sum.firstAt, one.firstAt),
      lastAt: Math.max(sum.lastAt, one.lastAt),
      lastGoodAt: Math.max(sum.lastGoodAt, one.lastGoodAt),
    }),
    emptyCounts(),
  );
}

function figures(counts: Counts): Omit<OperationCount, 'operation' | 'statuses'> {
  const { ok, failed, untold, latency, slowestMs, firstAt, lastAt, lastGoodAt } = counts;
  const at = (p: number): number | undefined => {
    const ms = percentile(latency, p);
    // The last bucket has no upper end; nothing was slower than the slowest.
    return ms === undefined ? undefined : Math.min(ms, slowestMs);
  };
  const [p50, p95, p99] = [at(0.5), at(0.95), at(0.99)];
  return {
    count: ok + failed + untold,
    ok,
    failed,
    untold,
    ...(p50 !== undefined && { p50, slowestMs }),
    ...(p95 !== undefined && { p95 }),
    ...(p99 !== undefined && { p99 }),
    ...(Number.isFinite(firstAt) && { firstAt, lastAt }),
    ...(Number.isFinite(lastGoodAt) && { lastGoodAt }),
  };
}

function topStatuses({ statuses }: Counts): readonly StatusCount[] {
  return [...statuses]
    .map(([status, count]) => ({ status, count }))
    .toSorted((a, b) => b.count - a.count)
    .slice(0, STATUSES_SHOWN);
}
