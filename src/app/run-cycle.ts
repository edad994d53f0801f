import type { CycleCounts, CycleRecord, CycleTrigger } from '../core/monitor/cycle-record.ts';
import { dueTargets } from '../core/monitor/due.ts';
import type { IncidentEvent } from '../core/monitor/incident.ts';
import { type MaintenanceWindow, occurrences, scopeOf } from '../core/monitor/maintenance.ts';
import { SEVERITIES, type Severity } from '../core/verdict/severity.ts';
import { closeRemoved } from './close-removed.ts';
import type { Log } from './log.ts';
import type { MonitoredTarget, MonitorPlan } from './monitor-plan.ts';
import type { Deps } from './ports.ts';
import { slots } from './slots.ts';
import type { FleetIndex, Store } from './store.ts';
import { type ShardContext, type ShardOutcome, workShard } from './work-shard.ts';

export interface CycleDeps extends Deps {
  readonly store: Store;
  readonly log: Log;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly newId: () => string;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly version: string;
}

export interface CycleOptions {
  readonly trigger: CycleTrigger;
  /** Called for each target as soon as its fate is known. */
  readonly onProgress?: (done: number, due: number) => void;
}

export interface CycleReport {
  readonly record: CycleRecord;
  readonly events: readonly IncidentEvent[];
}

/** Targets of one shard: as many as one queue message could name one day. */
const SHARD_SIZE = 250;
const KEPT_PROBLEMS = 10;

/** Between the end of the last probe and that of the cycle, for everything that has to be written. */
const WRITING_MS = 30_000;

/**
 * Probes every target that is due, longest unseen first, and commits what was seen, one transaction for each target. What a target does
 * is a result; what the storage does to one target is a problem of that target. Rejects with a StoreError when nothing can be stored at all.
 */
export async function runCycle(deps: CycleDeps, plan: MonitorPlan, options: CycleOptions, signal: AbortSignal): Promise<CycleReport> {
  const { store, log, now, newId } = deps;
  const startedAt = now();
  const id = newId();
  const [last, fleet] = await Promise.all([store.readCycle(signal), store.readFleetIndex(signal)]);
  const workingSince = unbrokenSince(last, startedAt, plan);

  const due = dueTargets(plan.targets, (target) => fleet.targets.get(target)?.lastAt, startedAt);
  let done = 0;
  const context: ShardContext = {
    cycle: id,
    startsAt: spread(due, startedAt, plan.jitterMs, deps.random),
    deadline: startedAt + plan.cycleBudgetMs,
    end: startedAt + plan.cycleLimitMs - WRITING_MS,
    slots: slots(plan.concurrency),
    progress: () => options.onProgress?.(++done, due.length),
    maintenance: windowsBetween(plan.maintenance, startedAt, startedAt + plan.cycleLimitMs),
    workingSince,
  };
  const outcomes = await workShards(deps, plan, shardsOf(due), fleet, context, signal);
  const removed = await closeRemoved(deps, plan, fleet, signal);

  const completedAt = now();
  const blindSince = stillBlindSince(last, outcomes, completedAt);
  const record: CycleRecord = {
    id,
    trigger: options.trigger,
    startedAt,
    completedAt,
    counts: sum(due.length, outcomes),
    severities: severitiesOf(outcomes),
    ownNetwork: outcomes.some(({ blind }) => blind) ? 'down' : 'fine',
    ...(blindSince !== undefined && { blindSince }),
    workingSince,
    problems: [...outcomes.flatMap(({ problems }) => problems), ...removed.problems].slice(0, KEPT_PROBLEMS),
    version: deps.version,
  };
  await store.writeCycle(record, signal);
  log.info('cycle completed', { id, trigger: record.trigger, ms: record.completedAt - startedAt, ...record.counts });
  return { record, events: [...outcomes.flatMap(({ events }) => events), ...removed.events] };
}

/** Each target starts within its own part of the jitter, so that whoever has waited longest still comes first. */
function spread(due: readonly MonitoredTarget[], startedAt: number, jitterMs: number, random: () => number): (target: string) => number {
  const starts = new Map(due.map(({ id }, index) => [id, startedAt + ((index + random()) / due.length) * jitterMs]));
  return (target) => starts.get(target) ?? startedAt;
}

/** Start of the first of the cycles that followed each other without a break; a break is longer than any delay that a health read would wait for. */
function unbrokenSince(last: CycleRecord | undefined, startedAt: number, { breakAfterMs }: MonitorPlan): number {
  if (last === undefined || last.completedAt > startedAt || startedAt - last.completedAt > breakAfterMs) return startedAt;
  return last.workingSince;
}

/** A cycle without anything to do has seen nothing either, so it leaves the question as it was. */
function stillBlindSince(last: CycleRecord | undefined, outcomes: readonly ShardOutcome[], at: number): number | undefined {
  if (outcomes.some(({ reached }) => reached)) return undefined;
  return outcomes.some(({ blind }) => blind) ? (last?.blindSince ?? at) : last?.blindSince;
}

/** The occurrences that a result of this cycle may lie in, worked out once for all targets. */
function windowsBetween(windows: readonly MaintenanceWindow[], from: number, until: number): readonly MaintenanceWindow[] {
  return windows.flatMap((window) =>
    occurrences(window, from, until).map(({ start, end }) => ({ ...scopeOf(window), kind: 'one-off', start, end })),
  );
}

/** One shard's trouble is not that of the others; when all of them fail, the cycle does. */
async function workShards(
  deps: CycleDeps,
  plan: MonitorPlan,
  shards: readonly (readonly MonitoredTarget[])[],
  fleet: FleetIndex,
  context: ShardContext,
  signal: AbortSignal,
): Promise<readonly ShardOutcome[]> {
  const settled = await Promise.allSettled(
    shards.map((targets) => workShard(deps, plan, targets, knownOf(targets, fleet), context, signal)),
  );
  signal.throwIfAborted();
  const failures = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  if (failures.length > 0 && failures.length === shards.length) throw failures[0];
  return settled.map((one, index) => (one.status === 'fulfilled' ? one.value : lostShard(shards[index]?.length ?? 0, one.reason)));
}

function lostShard(targets: number, reason: unknown): ShardOutcome {
  const problem = `a shard of ${targets} targets: ${reason instanceof Error ? reason.message : String(reason)}`;
  return {
    counts: { committed: 0, overtaken: 0, deferred: 0, failed: targets },
    severities: [],
    events: [],
    reached: false,
    blind: false,
    problems: [problem],
  };
}

function shardsOf(targets: readonly MonitoredTarget[]): readonly (readonly MonitoredTarget[])[] {
  return Array.from({ length: Math.ceil(targets.length / SHARD_SIZE) }, (_, index) =>
    targets.slice(index * SHARD_SIZE, (index + 1) * SHARD_SIZE),
  );
}

function knownOf(targets: readonly MonitoredTarget[], { targets: known }: FleetIndex): FleetIndex['targets'] {
  return new Map(
    targets.flatMap(({ id }) => {
      const entry = known.get(id);
      return entry === undefined ? [] : [[id, entry] as const];
    }),
  );
}

function sum(due: number, outcomes: readonly ShardOutcome[]): CycleCounts {
  const total = (key: Exclude<keyof CycleCounts, 'due'>): number => outcomes.reduce((count, outcome) => count + outcome.counts[key], 0);
  return { due, committed: total('committed'), overtaken: total('overtaken'), deferred: total('deferred'), failed: total('failed') };
}

function severitiesOf(outcomes: readonly ShardOutcome[]): Readonly<Record<Severity, number>> {
  const counted = outcomes.flatMap(({ severities }) => severities);
  return Object.fromEntries(SEVERITIES.map((severity) => [severity, counted.filter((one) => one === severity).length])) as Record<
    Severity,
    number
  >;
}
