import { countdownsOf } from '../core/monitor/countdown.ts';
import { isDue } from '../core/monitor/due.ts';
import { isBlind } from '../core/monitor/impact.ts';
import type { IncidentEvent } from '../core/monitor/incident.ts';
import { type MaintenanceWindow, maintenanceAt } from '../core/monitor/maintenance.ts';
import { missingRollups, nextRecord, type Outcome } from '../core/monitor/next-record.ts';
import { type CycleResult, cycleResult } from '../core/monitor/result.ts';
import type { TargetRecord } from '../core/monitor/state.ts';
import { summarise, type TargetSummary } from '../core/monitor/summary.ts';
import { type Rollup, type RollupSpan, startOfKey } from '../core/rollup/rollup.ts';
import { historyAfter } from '../core/verdict/judge.ts';
import type { TargetReport } from '../core/verdict/report.ts';
import type { MonitoredTarget } from './monitor-plan.ts';
import type { Store, Stored } from './store.ts';
import { hostOf, knownHistory, type Sighting } from './watch-target.ts';

export type Settled =
  | { readonly kind: 'committed'; readonly summary: TargetSummary; readonly events: readonly IncidentEvent[] }
  /** Another cycle has a result of the same period; `summary` is of its record. */
  | { readonly kind: 'overtaken'; readonly summary: TargetSummary };

/** What all targets of a cycle share. */
export interface CycleFacts {
  /** The windows that touch this cycle. */
  readonly maintenance: readonly MaintenanceWindow[];
  /** Since when the monitor has been at work without a break, in epoch ms. */
  readonly workingSince: number;
}

const ATTEMPTS = 5;

/**
 * Decides what a sighting means and commits it as one transaction. Somebody else may write the record in between: then the decision
 * is made again from what stands there now, or dropped when that is a result of the same period. Rejects with a StoreError.
 */
export async function settle(
  store: Store,
  target: MonitoredTarget,
  cycle: CycleFacts,
  sighting: Sighting,
  read: Stored<TargetRecord> | undefined,
  commit: string,
  signal: AbortSignal,
): Promise<Settled> {
  let stored = read;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    if (stored !== undefined && !isDue(stored.value.state.lastAt, target.periodMs, sighting.at))
      return { kind: 'overtaken', summary: summarise(target.id, stored.value) };
    const outcome = await decideOn(store, target, cycle, sighting, stored?.value, commit, signal);
    const { record, hours, days, incidents, result } = outcome;
    const written = await store.commitTarget(
      { target: target.id, ...(stored !== undefined && { before: stored.etag }), record, result, hours, days, incidents },
      signal,
    );
    if (written === 'committed') {
      return { kind: 'committed', summary: summarise(target.id, record), events: outcome.decision.events };
    }
    stored = await store.readTarget(target.id, signal);
  }
  throw new Error(`${target.id}: its record was written by somebody else ${ATTEMPTS} times in a row`);
}

type Decided = Outcome & { readonly result: CycleResult };

async function decideOn(
  store: Store,
  target: MonitoredTarget,
  { maintenance: windows, workingSince }: CycleFacts,
  { at, report, rechecked }: Sighting,
  before: TargetRecord | undefined,
  commit: string,
  signal: AbortSignal,
): Promise<Decided> {
  const maintenance = maintenanceAt(windows, target, at);
  const result = cycleResult(report, { at, rechecked, inMaintenance: maintenance !== undefined });
  const { id, periodMs, policy } = target;
  const known = knownHistory(target, before);
  const storedRollups = [
    ...(await storedRollup(store, id, 'hour', missingRollups('hour', before, at, periodMs), signal)),
    ...(await storedRollup(store, id, 'day', missingRollups('day', before, at, periodMs), signal)),
  ];
  const outcome = nextRecord({
    target: id,
    commit,
    before,
    result,
    history: isBlind(report.verdict) ? known : historyAfter(report, known),
    longUrl: longUrlAfter(report, at) ?? before?.longUrl,
    maintenance,
    policy,
    workingSince,
    host: hostOf(target.url),
    view: {
      name: target.name,
      ...(target.tenant !== undefined && { tenant: target.tenant }),
      periodMs,
      path: report.path,
      evidence: result.evidence,
      ...(result.responseMs !== undefined && { responseMs: result.responseMs }),
      certificates: countdownsOf(report),
    },
    storedRollups,
  });
  return { ...outcome, result };
}

async function storedRollup(
  store: Store,
  target: string,
  span: RollupSpan,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<readonly Rollup[]> {
  const [first] = keys;
  const last = keys.at(-1);
  if (first === undefined || last === undefined) return [];
  return store.readRollups(target, span, { from: startOfKey(first), before: startOfKey(last) + 1 }, signal);
}

/** Only an answer that says something about long URLs counts: a target that is down has yet to be asked. */
function longUrlAfter({ checks }: TargetReport, at: number): TargetRecord['longUrl'] {
  const judged = checks.find(({ observation }) => observation.request.operation === 'long-url')?.verdict;
  if (judged?.severity === 'ok') return { at, ok: true };
  return judged?.code.startsWith('long-url-') === true ? { at, ok: false } : undefined;
}
