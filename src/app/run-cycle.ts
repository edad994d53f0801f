import type { CycleCounts, CycleRecord, CycleTrigger } from '../core/monitor/cycle-record.ts';
import { dueTargets } from '../core/monitor/due.ts';
import type { IncidentEvent } from '../core/monitor/incident.ts';
import { SEVERITIES, type Severity } from '../core/verdict/severity.ts';
import { closeRemoved } from './close-removed.ts';
import type { Log } from './log.ts';
import type { MonitoredTarget, MonitorPlan } from './monitor-plan.ts';
import type { Deps } from './ports.ts';
import { slots } from './slots.ts';
import type { FleetIndex, Store } from './store.ts';
import { type ShardOutcome, workShard } from './work-shard.ts';

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

/**
 * Probes every target that is due, longest unseen first, and commits what was seen, one transaction for each target. What a target does
 * is a result; what the storage does to one target is a problem of that target. Rejects with a StoreError when nothing can be stored at all.
 */
export async function runCycle(deps: CycleDeps, plan: MonitorPlan, options: CycleOptions, signal: AbortSignal): Promise<CycleReport> {
  const { store, log, now, newId } = deps;
  const startedAt = now();
  const id = newId();
  const fleet = await store.readFleetIndex(signal);
  const removed = await closeRemoved(deps, plan, fleet, signal);

  const due = dueTargets(plan.targets, (target) => fleet.targets.get(target)?.lastAt, startedAt);
  let done = 0;
  const progress = (): void => options.onProgress?.(++done, due.length);
  const shared = { cycle: id, deadline: startedAt + plan.cycleBudgetMs, slots: slots(plan.concurrency), startedAt, progress };
  const outcomes = await Promise.all(
    shardsOf(due).map((targets) => workShard(deps, plan, targets, knownOf(targets, fleet), shared, signal)),
  );

  const record: CycleRecord = {
    id,
    trigger: options.trigger,
    startedAt,
    completedAt: now(),
    counts: sum(due.length, outcomes),
    severities: severitiesOf(outcomes),
    ownNetwork: outcomes.some(({ blind }) => blind) ? 'down' : 'fine',
    problems: outcomes.flatMap(({ problems }) => problems).slice(0, KEPT_PROBLEMS),
    version: deps.version,
  };
  await store.writeCycle(record, signal);
  log.info('cycle completed', { id, trigger: record.trigger, ms: record.completedAt - startedAt, ...record.counts });
  return { record, events: [...removed, ...outcomes.flatMap(({ events }) => events)] };
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
