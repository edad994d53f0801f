import type { CycleCounts } from '../core/monitor/cycle-record.ts';
import { isDue } from '../core/monitor/due.ts';
import type { IncidentEvent } from '../core/monitor/incident.ts';
import type { TargetRecord } from '../core/monitor/state.ts';
import { summarise, type TargetSummary } from '../core/monitor/summary.ts';
import type { Severity } from '../core/verdict/severity.ts';
import type { MonitoredTarget, MonitorPlan } from './monitor-plan.ts';
import { blindReport, checkOwnNetwork, failedOnTheWay, type OwnNetwork } from './own-network.ts';
import type { CycleDeps } from './run-cycle.ts';
import { settle } from './settle.ts';
import type { Slots } from './slots.ts';
import type { FleetIndex, Store, Stored } from './store.ts';
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
  /** `summary` is of the record that stands there. */
  | { readonly kind: 'overtaken'; readonly summary: TargetSummary }
  | { readonly kind: 'deferred' }
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
  const first = await Promise.all(
    targets.map(async (target) => {
      const fate = await guarded(deps, target, signal, () => watch(deps, plan, target, context, signal));
      context.progress();
      return fate;
    }),
  );
  const held = first.flatMap((fate) => (fate.kind === 'held' ? [fate.held] : []));
  const network = await ownNetworkOf(deps, plan, first, held);
  const second = await Promise.all(
    held.map((one) =>
      guarded(deps, one.target, signal, () =>
        commit(deps, plan, network.works ? one : blinded(one, network.evidence), context.cycle, signal),
      ),
    ),
  );
  const fates = [...first.filter(({ kind }) => kind !== 'held'), ...second];
  await deps.store.writeSummaries(summariesOf(fates, index), signal);
  return outcomeOf(fates, !network.works);
}

/** A target's trouble is its own: it is told, and the others go on. Only an aborted cycle ends for all. */
async function guarded({ log }: CycleDeps, { id }: MonitoredTarget, signal: AbortSignal, work: () => Promise<Fate>): Promise<Fate> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    const problem = `${id}: ${error instanceof Error ? error.message : String(error)}`;
    log.error('a target could not be watched', { target: id, problem });
    return { kind: 'failed', problem };
  }
}

async function watch(
  deps: CycleDeps,
  plan: MonitorPlan,
  target: MonitoredTarget,
  { cycle, startedAt, deadline, slots }: ShardContext,
  signal: AbortSignal,
): Promise<Fate> {
  const start = startedAt + deps.random() * plan.jitterMs;
  if (start > deps.now()) await deps.delay(start - deps.now(), signal);
  // Read in the same slot: the records of thousands that wait for their turn would be old when it comes.
  const first = await slots(async (): Promise<Fate> => {
    if (deps.now() >= deadline) return { kind: 'deferred' };
    const stored = await deps.store.readTarget(target.id, signal);
    if (stored !== undefined && !isDue(stored.value.state.lastAt, target.periodMs, deps.now()))
      return { kind: 'overtaken', summary: summarise(target.id, stored.value) };
    return { kind: 'held', held: { target, stored, sighting: await look(deps, target, stored?.value, plan.vantage) } };
  });
  if (first.kind !== 'held') return first;
  const held = await secondLook(deps, plan, first.held, slots, signal);
  return failedOnTheWay(held.sighting.report) ? { kind: 'held', held } : commit(deps, plan, held, cycle, signal);
}

async function secondLook(deps: CycleDeps, plan: MonitorPlan, held: Held, slots: Slots, signal: AbortSignal): Promise<Held> {
  const record = held.stored?.value;
  if (!deservesSecondLook(held.sighting, record)) return held;
  await deps.delay(plan.recheckAfterMs, signal);
  const second = await slots(() => look(deps, held.target, record, plan.vantage), true);
  return { ...held, sighting: { ...second, rechecked: true } };
}

async function commit(
  { store, log }: CycleDeps,
  plan: MonitorPlan,
  { target, stored, sighting }: Held,
  cycle: string,
  signal: AbortSignal,
): Promise<Fate> {
  const settled = await settle(store, target, plan, sighting, stored, `${cycle}/${target.id}`, signal);
  if (settled.kind === 'overtaken') return settled;
  for (const { kind, reason, incident } of settled.events) {
    const { code } = incident.verdict;
    log.warn(`incident ${kind}`, { target: target.id, incident: incident.id, reason, code, impact: incident.impact });
  }
  return { ...settled, severity: sighting.report.verdict.severity };
}

/** One target that could be reached proves that the way out is open; only when none was are the control URLs asked. */
async function ownNetworkOf(
  { observe, log }: CycleDeps,
  plan: MonitorPlan,
  fates: readonly Fate[],
  held: readonly Held[],
): Promise<OwnNetwork> {
  if (held.length === 0 || fates.some(({ kind }) => kind === 'committed')) return { works: true };
  const network = await checkOwnNetwork(observe, plan.controlUrls, plan.vantage);
  if (!network.works) log.warn("the monitor's own network is down", { targets: held.length, evidence: network.evidence.join('; ') });
  return network;
}

function blinded(held: Held, evidence: readonly string[]): Held {
  return { ...held, sighting: { ...held.sighting, report: blindReport(held.sighting.report, evidence) } };
}

/** What was committed, and what an earlier cycle had committed without getting as far as its summary. */
function summariesOf(fates: readonly Fate[], index: FleetIndex['targets']): Parameters<Store['writeSummaries']>[0] {
  return fates.flatMap((fate) => {
    if (fate.kind !== 'committed' && fate.kind !== 'overtaken') return [];
    const known = index.get(fate.summary.id);
    if (fate.kind === 'overtaken' && known !== undefined && known.version >= fate.summary.version) return [];
    return [{ summary: fate.summary, ...(known !== undefined && { before: known.etag }) }];
  });
}

function outcomeOf(fates: readonly Fate[], blind: boolean): ShardOutcome {
  const committed = fates.flatMap((fate) => (fate.kind === 'committed' ? [fate] : []));
  const problems = fates.flatMap((fate) => (fate.kind === 'failed' ? [fate.problem] : []));
  const count = (kind: Fate['kind']): number => fates.filter((fate) => fate.kind === kind).length;
  return {
    counts: { committed: committed.length, overtaken: count('overtaken'), deferred: count('deferred'), failed: problems.length },
    severities: committed.map(({ severity }) => severity),
    events: committed.flatMap(({ events }) => events),
    blind,
    problems,
  };
}
