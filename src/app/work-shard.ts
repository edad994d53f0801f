import type { CycleCounts } from '../core/monitor/cycle-record.ts';
import { isDue } from '../core/monitor/due.ts';
import type { IncidentEvent } from '../core/monitor/incident.ts';
import type { TargetRecord } from '../core/monitor/state.ts';
import { summarise, type TargetSummary } from '../core/monitor/summary.ts';
import type { Severity } from '../core/verdict/severity.ts';
import type { MonitoredTarget, MonitorPlan } from './monitor-plan.ts';
import { blindReport, checkOwnNetwork, failedOnTheWay, type OwnNetwork } from './own-network.ts';
import type { CycleDeps } from './run-cycle.ts';
import { type CycleFacts, settle } from './settle.ts';
import type { Slots } from './slots.ts';
import type { FleetIndex, Stored } from './store.ts';
import { summaryWriter } from './summary-writer.ts';
import { deservesSecondLook, look, type Sighting } from './watch-target.ts';

/** What a shard shares with the others of its cycle. Times in epoch ms. */
export interface ShardContext extends CycleFacts {
  readonly cycle: string;
  /** When a target may be started: spread over the jitter, in the order in which they are due. */
  readonly startsAt: (target: string) => number;
  /** No target is started after this. */
  readonly deadline: number;
  /** Every probe is done by then. */
  readonly end: number;
  readonly slots: Slots;
  /** Called once for each target. */
  readonly progress: () => void;
}

export interface ShardOutcome {
  readonly counts: Omit<CycleCounts, 'due'>;
  readonly severities: readonly Severity[];
  readonly events: readonly IncidentEvent[];
  /** At least one target was seen. */
  readonly reached: boolean;
  /** No target could be reached, and no control URL. */
  readonly blind: boolean;
  readonly problems: readonly string[];
}

interface Held {
  readonly target: MonitoredTarget;
  readonly stored: Stored<TargetRecord> | undefined;
  readonly sighting: Sighting;
}

/** A sighting that waits until it is known whether the monitor's own network was there. Without its record: thousands may have to wait at once. */
type Waiting = Pick<Held, 'target' | 'sighting'>;

type Fate =
  | { readonly kind: 'committed'; readonly summary: TargetSummary; readonly events: readonly IncidentEvent[]; readonly severity: Severity }
  /** `summary` is of the record that stands there. */
  | { readonly kind: 'overtaken'; readonly summary: TargetSummary }
  | { readonly kind: 'deferred' }
  | { readonly kind: 'failed'; readonly problem: string }
  | { readonly kind: 'held'; readonly held: Waiting };

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
  const summaries = summaryWriter(deps, index, signal);
  const known = (fate: Fate): Fate => {
    if (isNews(fate, index)) summaries.add(fate.summary);
    return fate;
  };
  const first = await Promise.all(
    targets.map(async (target) => {
      const fate = known(await guarded(deps, target, signal, () => watch(deps, plan, target, context, signal)));
      context.progress();
      return fate;
    }),
  );
  const held = first.flatMap((fate) => (fate.kind === 'held' ? [fate.held] : []));
  const network = await ownNetworkOf(deps, plan, first, held);
  const second = await Promise.all(
    held.map(async (one) =>
      known(
        await guarded(deps, one.target, signal, () =>
          context.slots(() => commitWaiting(deps, network.works ? one : blinded(one, network.evidence), context, signal)),
        ),
      ),
    ),
  );
  const problems = await summaries.finish();
  return outcomeOf([...first.filter(({ kind }) => kind !== 'held'), ...second], problems, !network.works);
}

/** What was committed, and what an earlier cycle had committed without getting as far as its summary. */
function isNews(fate: Fate, index: FleetIndex['targets']): fate is Extract<Fate, { readonly summary: TargetSummary }> {
  if (fate.kind === 'committed') return true;
  return fate.kind === 'overtaken' && (index.get(fate.summary.id)?.version ?? -1) < fate.summary.version;
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
  context: ShardContext,
  signal: AbortSignal,
): Promise<Fate> {
  const { startsAt, deadline, end, slots } = context;
  const wait = startsAt(target.id) - deps.now();
  if (wait > 0) await deps.delay(wait, signal);
  // Read in the same slot: the records of thousands that wait for their turn would be old when it comes.
  const first = await slots(async (): Promise<Fate | Seen> => {
    if (deps.now() >= deadline) return { kind: 'deferred' };
    const stored = await deps.store.readTarget(target.id, signal);
    if (stored !== undefined && !isDue(stored.value.state.lastAt, target.periodMs, deps.now()))
      return { kind: 'overtaken', summary: summarise(target.id, stored.value) };
    return { kind: 'seen', held: { target, stored, sighting: await look(deps, target, stored?.value, { vantage: plan.vantage, end }) } };
  });
  if (first.kind !== 'seen') return first;
  const held = await secondLook(deps, plan, first.held, context, signal);
  return failedOnTheWay(held.sighting.report)
    ? { kind: 'held', held: { target, sighting: held.sighting } }
    : commit(deps, held, context, signal);
}

interface Seen {
  readonly kind: 'seen';
  readonly held: Held;
}

async function secondLook(
  deps: CycleDeps,
  plan: MonitorPlan,
  held: Held,
  { slots, end }: ShardContext,
  signal: AbortSignal,
): Promise<Held> {
  const record = held.stored?.value;
  if (!deservesSecondLook(held.sighting, record) || deps.now() + plan.recheckAfterMs >= end) return held;
  await deps.delay(plan.recheckAfterMs, signal);
  const second = await slots(() => look(deps, held.target, record, { vantage: plan.vantage, end }), true);
  return { ...held, sighting: { ...second, rechecked: true } };
}

async function commitWaiting(deps: CycleDeps, waiting: Waiting, context: ShardContext, signal: AbortSignal): Promise<Fate> {
  const stored = await deps.store.readTarget(waiting.target.id, signal);
  return commit(deps, { ...waiting, stored }, context, signal);
}

async function commit(
  { store, log }: CycleDeps,
  { target, stored, sighting }: Held,
  context: ShardContext,
  signal: AbortSignal,
): Promise<Fate> {
  const settled = await settle(store, target, context, sighting, stored, `${context.cycle}/${target.id}`, signal);
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
  held: readonly Waiting[],
): Promise<OwnNetwork> {
  if (held.length === 0 || fates.some(({ kind }) => kind === 'committed')) return { works: true };
  const network = await checkOwnNetwork(observe, plan.controlUrls, plan.vantage);
  if (!network.works) log.warn("the monitor's own network is down", { targets: held.length, evidence: network.evidence.join('; ') });
  return network;
}

function blinded(held: Waiting, evidence: readonly string[]): Waiting {
  return { ...held, sighting: { ...held.sighting, report: blindReport(held.sighting.report, evidence) } };
}

function outcomeOf(fates: readonly Fate[], told: readonly string[], blind: boolean): ShardOutcome {
  const committed = fates.flatMap((fate) => (fate.kind === 'committed' ? [fate] : []));
  const failures = fates.flatMap((fate) => (fate.kind === 'failed' ? [fate.problem] : []));
  const count = (kind: Fate['kind']): number => fates.filter((fate) => fate.kind === kind).length;
  return {
    counts: { committed: committed.length, overtaken: count('overtaken'), deferred: count('deferred'), failed: failures.length },
    severities: committed.map(({ severity }) => severity),
    events: committed.flatMap(({ events }) => events),
    reached: committed.length > 0 && !blind,
    blind,
    problems: [...failures, ...told],
  };
}
