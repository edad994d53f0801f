import type { CycleCounts } from '../core/monitor/cycle-record.ts';
import { isDue } from '../core/monitor/due.ts';
import type { IncidentEvent } from '../core/monitor/incident.ts';
import type { TargetRecord } from '../core/monitor/state.ts';
import type { TargetSummary } from '../core/monitor/summary.ts';
import type { Severity } from '../core/verdict/severity.ts';
import type { MonitoredTarget, MonitorPlan } from './monitor-plan.ts';
import { blindReport, checkOwnNetwork, failedOnTheWay } from './own-network.ts';
import type { CycleDeps } from './run-cycle.ts';
import { settle } from './settle.ts';
import type { Slots } from './slots.ts';
import type { FleetIndex, Stored } from './store.ts';
import { deservesSecondLook, look, type Sighting } from './watch-target.ts';

/** What a shard shares with the others of its cycle. Times in epoch ms. */
export interface ShardContext {
  readonly cycle: string;
  readonly startedAt: number;
  /** No probe starts after this. */
  readonly deadline: number;
  readonly slots: Slots;
  /** Called once for each target. */
  readonly progress: () => void;
}

export interface ShardOutcome {
  readonly counts: Omit<CycleCounts, 'due'>;
  readonly severities: readonly Severity[];
  readonly events: readonly IncidentEvent[];
  readonly blind: boolean;
  readonly problems: readonly string[];
}

/** A sighting that waits until it is known whether the monitor's own network was there. */
interface Held {
  readonly target: MonitoredTarget;
  readonly stored: Stored<TargetRecord> | undefined;
  readonly sighting: Sighting;
}

type Fate =
  | { readonly kind: 'committed'; readonly summary: TargetSummary; readonly events: readonly IncidentEvent[]; readonly severity: Severity }
  | { readonly kind: 'overtaken' | 'deferred' }
  | { readonly kind: 'failed'; readonly problem: string }
  | { readonly kind: 'held'; readonly held: Held };

/**
 * Works off some of the due targets of a cycle. Knows nothing of the other shards, so that each could run on an instance of its own.
 * Targets that answer are committed as they come; those that could not be reached wait until it is clear that not everything was unreachable.
 */
export async function workShard(
  deps: CycleDeps,
  plan: MonitorPlan,
  targets: readonly MonitoredTarget[],
  index: FleetIndex['targets'],
  context: ShardContext,
  signal: AbortSignal,
): Promise<ShardOutcome> {
  const { log, store } = deps;
  const settleOne = async ({ target, stored, sighting }: Held): Promise<Fate> => {
    const commit = `${context.cycle}/${target.id}`;
    const settled = await settle(store, target, plan, sighting, stored, commit, signal);
    if (settled.kind === 'overtaken') return settled;
    const { severity } = sighting.report.verdict;
    for (const { kind, reason, incident } of settled.events)
      log.warn(`incident ${kind}`, {
        target: target.id,
        incident: incident.id,
        reason,
        code: incident.verdict.code,
        impact: incident.impact,
      });
    return { ...settled, severity };
  };
  const attempt = async (target: MonitoredTarget, work: () => Promise<Fate>): Promise<Fate> => {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const problem = `${target.id}: ${error instanceof Error ? error.message : String(error)}`;
      log.error('a target could not be watched', { target: target.id, problem });
      return { kind: 'failed', problem };
    }
  };

  const first = await Promise.all(
    targets.map((target) =>
      attempt(target, async () => {
        const seen = await see(deps, plan, target, context, signal);
        if (seen.kind !== 'seen') return seen;
        return failedOnTheWay(seen.held.sighting.report) ? { kind: 'held', held: seen.held } : settleOne(seen.held);
      }).then((fate) => {
        context.progress();
        return fate;
      }),
    ),
  );

  const held = first.flatMap((fate) => (fate.kind === 'held' ? [fate.held] : []));
  // One target that could be reached proves that the way out is open.
  const nobodyReached = held.length > 0 && first.every(({ kind }) => kind === 'held' || kind === 'deferred' || kind === 'overtaken');
  const network = nobodyReached ? await checkOwnNetwork(deps.observe, plan.controlUrls, plan.vantage) : ({ works: true } as const);
  if (!network.works) log.warn('the own network is down', { targets: held.length, evidence: network.evidence.join('; ') });
  const second = await Promise.all(
    held.map((one) =>
      attempt(one.target, () => settleOne(network.works ? one : { ...one, sighting: blindSighting(one.sighting, network.evidence) })),
    ),
  );

  const fates = [...first.filter(({ kind }) => kind !== 'held'), ...second];
  const committed = fates.flatMap((fate) => (fate.kind === 'committed' ? [fate] : []));
  const problems = fates.flatMap((fate) => (fate.kind === 'failed' ? [fate.problem] : []));
  const count = (kind: Fate['kind']): number => fates.filter((fate) => fate.kind === kind).length;
  await store.writeSummaries(
    committed.map(({ summary }) => {
      const before = index.get(summary.id)?.etag;
      return { summary, ...(before !== undefined && { before }) };
    }),
    signal,
  );
  return {
    counts: { committed: committed.length, overtaken: count('overtaken'), deferred: count('deferred'), failed: problems.length },
    severities: committed.map(({ severity }) => severity),
    events: committed.flatMap(({ events }) => events),
    blind: !network.works,
    problems,
  };
}

type Seen = { readonly kind: 'seen'; readonly held: Held } | { readonly kind: 'overtaken' | 'deferred' };

async function see(
  deps: CycleDeps,
  plan: MonitorPlan,
  target: MonitoredTarget,
  { startedAt, deadline, slots }: ShardContext,
  signal: AbortSignal,
): Promise<Seen> {
  const start = startedAt + deps.random() * plan.jitterMs;
  if (start > deps.now()) await deps.delay(start - deps.now(), signal);
  // Read in the same slot: the records of thousands that wait for their turn would be old when it comes.
  const first = await slots(async (): Promise<Seen> => {
    if (deps.now() >= deadline) return { kind: 'deferred' };
    const stored = await deps.store.readTarget(target.id, signal);
    if (!isDue(stored?.value.state.lastAt, target.periodMs, deps.now())) return { kind: 'overtaken' };
    return { kind: 'seen', held: { target, stored, sighting: await look(deps, target, stored?.value, plan.vantage) } };
  });
  if (first.kind !== 'seen' || !deservesSecondLook(first.held.sighting, first.held.stored?.value)) return first;
  await deps.delay(plan.recheckAfterMs, signal);
  const second = await slots(() => look(deps, target, first.held.stored?.value, plan.vantage), true);
  return { kind: 'seen', held: { ...first.held, sighting: { ...second, rechecked: true } } };
}

function blindSighting(sighting: Sighting, evidence: readonly string[]): Sighting {
  return { ...sighting, report: blindReport(sighting.report, evidence) };
}
