import type { VerdictCode } from '../verdict/code.ts';
import { compareSeverity } from '../verdict/severity.ts';
import { byImportance, verdictOf } from '../verdict/verdict.ts';
import { compareImpact, type Impact, impactOf, isBlind } from './impact.ts';
import { type Incident, type IncidentEvent, type IncidentEventKind, incidentId, withUpdate } from './incident.ts';
import type { Policy } from './policy.ts';
import type { Reason } from './reason.ts';
import { confirm, extendRuns, NO_RUNS, type Runs } from './runs.ts';
import type { InMaintenance, TargetState, VerdictSeen } from './state.ts';
import { type Condition, isStale, type Status, statusOf } from './status.ts';

/** One judged cycle of one target. */
export interface Seen {
  readonly target: string;
  /** Epoch ms. */
  readonly at: number;
  readonly verdict: VerdictSeen;
  readonly evidence: readonly string[];
  /** The maintenance window that the target is in at `at`. */
  readonly maintenance?: InMaintenance;
  /** Since when (epoch ms) the monitor has been at work without a break; absent when it is not known. */
  readonly workingSince?: number;
}

export interface Transition {
  readonly from: Status;
  readonly to: Status;
  readonly reason: Reason;
}

export interface Decision {
  readonly state: TargetState;
  /** Absent when the status is what it was. */
  readonly transition?: Transition;
  /** What happened to the incident, in order; the last one holds the incident as it is now. */
  readonly events: readonly IncidentEvent[];
}

/** The next state of a target and what there is to tell. Pure: the same state, result and policy always give the same decision. */
export function decide(before: TargetState | undefined, seen: Seen, policy: Policy): Decision {
  const known = before === undefined ? unseen(seen) : notAhead(before, seen.at);
  const { last, next, attended } = isBlind(seen.verdict) ? lookedAway(known, seen) : lookedAt(known, seen, policy);
  const { incident: _, ...rest } = next;
  const state = attended.incident === undefined ? rest : { ...rest, incident: attended.incident };
  const { events } = attended;
  // Without a result for too long people have been shown unknown, whatever the last one had said.
  const stale = before !== undefined && isStale(before.lastAt, seen.at, policy.staleAfterMs);
  const from = stale ? 'unknown' : statusOf(before);
  const to = statusOf(state);
  if (from === to && before !== undefined) return { state, events };
  const settled = { ...state, since: seen.at };
  const reason = before === undefined ? firstReason(settled) : stale ? 'results-again' : reasonFor(last, settled, seen, policy);
  return { state: settled, transition: { from, to, reason }, events };
}

/** Ends the open incident of a target that is no longer configured; undefined when there is none. Should it come back, it starts afresh. */
export function abandon(state: TargetState, at: number): { readonly state: TargetState; readonly event: IncidentEvent } | undefined {
  const { incident, verdict, lastAt, judgedAt } = state;
  if (incident === undefined) return undefined;
  return { state: { ...unseen({ at, verdict }), lastAt, judgedAt }, event: resolved(incident, at, at, 'target-removed', verdict) };
}

/** The state of a target of which nothing but the last result and the open incident is left: enough for the incident to find its end. */
export function stateAround(lastResult: Pick<Seen, 'at' | 'verdict'>, incident: Incident | undefined): TargetState {
  return { ...unseen(lastResult), ...(incident !== undefined && { confirmed: incident.impact, incident }) };
}

/** One look in three states: what counts of the past, what follows, and what becomes of the incident. */
interface Look {
  readonly last: TargetState;
  readonly next: TargetState;
  readonly attended: Attended;
}

/** The monitor's own network was down: nothing is known that was not known before. */
function lookedAway(known: TargetState, { at, maintenance }: Seen): Look {
  const next = withMaintenance({ ...known, blind: true, lastAt: at }, maintenance);
  return { last: known, next, attended: { incident: known.incident, events: [] } };
}

function lookedAt(known: TargetState, seen: Seen, policy: Policy): Look {
  const last = isConnected(known, seen, policy) ? known : disconnected(known);
  const next = withMaintenance(flapHold(last, judged(last, seen, policy), seen, policy), seen.maintenance);
  return { last, next, attended: attend(last, next, seen, policy) };
}

function unseen({ at, verdict }: Pick<Seen, 'at' | 'verdict'>): TargetState {
  return {
    condition: 'unknown',
    since: at,
    confirmed: 'none',
    runs: NO_RUNS,
    verdict,
    sameVerdict: 0,
    runSince: at,
    lastAt: at,
    judgedAt: at,
    blind: false,
    flips: [],
  };
}

/** A clock that was put back leaves times in the future; they would hold things up until the clock is there again. */
function notAhead(state: TargetState, at: number): TargetState {
  const { since, runSince, flips, flappingSince } = state;
  return {
    ...state,
    since: Math.min(since, at),
    runSince: Math.min(runSince, at),
    flips: flips.map((flip) => Math.min(flip, at)),
    ...(flappingSince !== undefined && { flappingSince: Math.min(flappingSince, at) }),
  };
}

/**
 * Whether two results may confirm something together. Those far apart may when the monitor was at work all the time between them:
 * a target that had to wait for its turn, or a schedule with long gaps, is no reason to be silent about an outage.
 */
function isConnected({ judgedAt }: TargetState, { at, workingSince }: Seen, { staleAfterMs }: Policy): boolean {
  return at - judgedAt <= staleAfterMs || (workingSince !== undefined && judgedAt >= workingSince);
}

/** While the monitor was off anything may have happened: results before and after confirm nothing together. Only what was told stays until it is untold. */
function disconnected(state: TargetState): TargetState {
  return { ...state, runs: NO_RUNS, confirmed: state.incident === undefined ? 'none' : state.confirmed };
}

function judged(last: TargetState, { at, verdict }: Seen, policy: Policy): TargetState {
  const impact = impactOf(verdict);
  const runs = extendRuns(last.runs, impact);
  const confirmed = confirm(last.confirmed, runs, thresholdOf(verdict.code, impact, policy), policy.successesBeforeResolve);
  const first = isNothing(last.runs);
  const sameSide = !first && (impact === 'none') === (impactOf(last.verdict) === 'none');
  const repeated = !first && verdict.code === last.verdict.code && verdict.severity === last.verdict.severity;
  return {
    ...last,
    condition: conditionOf(confirmed, impact),
    confirmed,
    runs,
    verdict,
    sameVerdict: repeated ? last.sameVerdict + 1 : 1,
    runSince: sameSide ? last.runSince : at,
    lastAt: at,
    judgedAt: at,
    blind: false,
  };
}

function isNothing({ atLeast, atMost }: Runs): boolean {
  return atLeast.none === 0 && atMost.down === 0;
}

function thresholdOf(code: VerdictCode, impact: Impact, { failuresBeforeAlert, pageAtOnce }: Policy): number {
  return impact !== 'none' && pageAtOnce.includes(code) ? 1 : failuresBeforeAlert;
}

function conditionOf(confirmed: Impact, impact: Impact): Condition {
  switch (confirmed) {
    case 'none':
      return impact === 'none' ? 'ok' : 'suspect';
    case 'unknown':
      return 'unknown';
    case 'degraded':
      return 'degraded';
    case 'down':
      return impact === 'down' ? 'down' : 'recovering';
  }
}

/** Changes between working and failing, as the results show them and whether or not they were confirmed: every second result bad is no calm. */
function flapHold(last: TargetState, next: TargetState, { at, verdict, maintenance }: Seen, policy: Policy): TargetState {
  const { changes, holdMs } = policy.flap;
  const changed = !isNothing(last.runs) && (impactOf(verdict) === 'down') !== (impactOf(last.verdict) === 'down');
  const flipped = changed && maintenance === undefined;
  const keptMs = Math.max(flapWindowMs(policy), holdMs);
  const flips = [...last.flips.filter((flip) => at - flip <= keptMs), ...(flipped ? [at] : [])];
  const { flappingSince, ...rest } = { ...next, flips };
  if (flappingSince === undefined) {
    const counted = flips.filter((flip) => at - flip <= flapWindowMs(policy)).length;
    return flipped && counted >= changes ? { ...rest, flappingSince: at } : rest;
  }
  const steadySince = Math.max(next.runSince, flips.at(-1) ?? flappingSince);
  // Held until it is clear what it is steady at: nobody is told of a recovery by a result that is bad.
  const clear = (next.confirmed === 'none') === (impactOf(verdict) === 'none');
  return clear && at - steadySince >= holdMs ? { ...rest, flips: [] } : { ...rest, flappingSince };
}

/** With a long period a short window would never hold enough changes, and an outage of every second result would stay unseen. */
function flapWindowMs({ flap, staleAfterMs }: Policy): number {
  return Math.max(flap.windowMs, (flap.changes * staleAfterMs) / 2);
}

function withMaintenance(state: TargetState, maintenance: InMaintenance | undefined): TargetState {
  const { maintenance: _, ...rest } = state;
  return maintenance === undefined ? rest : { ...rest, maintenance };
}

interface Attended {
  readonly incident: Incident | undefined;
  readonly events: readonly IncidentEvent[];
}

/** What becomes of the incident. At most one event for one result, so that nobody is told the same thing twice. */
function attend(last: TargetState, next: TargetState, seen: Seen, policy: Policy): Attended {
  const { incident } = last;
  if (incident === undefined) return open(last, next, seen, policy);
  if (next.flappingSince !== undefined) {
    return last.flappingSince === undefined ? change(incident, next, seen, 'flapping-started') : { incident, events: [] };
  }
  if (next.confirmed === 'none') return resolve(incident, next, seen, last);
  // Within a maintenance window people are working on it: only its end is news.
  if (next.maintenance !== undefined) return { incident, events: [] };
  const reason = changeReason(incident, last, next, policy);
  return reason === undefined ? { incident, events: [] } : change(incident, next, seen, reason);
}

function open(last: TargetState, next: TargetState, seen: Seen, policy: Policy): Attended {
  const flapping = next.flappingSince !== undefined;
  const works = impactOf(seen.verdict) === 'none';
  if (next.maintenance !== undefined || (!flapping && (works || next.confirmed === 'none'))) return { incident: undefined, events: [] };
  const impact = flapping ? worseOf(next.confirmed, 'down') : next.confirmed;
  const started = flapping ? (next.flips.at(-policy.flap.changes) ?? seen.at) : next.runSince;
  const verdict = works ? last.verdict : seen.verdict;
  const incident: Incident = {
    id: incidentId(seen.target, seen.at),
    target: seen.target,
    openedAt: seen.at,
    startedAt: started,
    impact,
    verdict,
    worst: verdict,
    evidence: seen.evidence,
    updates: [],
    updatesLeftOut: 0,
  };
  return told(incident, 'opened', seen.at, openingReason(last, next, seen, policy), verdict);
}

function openingReason(last: TargetState, next: TargetState, { verdict }: Seen, policy: Policy): Reason {
  if (next.flappingSince !== undefined) return 'flapping-started';
  // Nothing else keeps a confirmed failure from being an incident.
  if (next.confirmed === last.confirmed) return 'failed-through-maintenance';
  return confirmedAtOnce(verdict, next, policy) ? 'page-at-once' : 'failures-reached';
}

function confirmedAtOnce({ code }: VerdictSeen, { runs, confirmed }: TargetState, policy: Policy): boolean {
  return policy.pageAtOnce.includes(code) && runs.atLeast[confirmed] < policy.failuresBeforeAlert;
}

function changeReason(incident: Incident, last: TargetState, next: TargetState, policy: Policy): Reason | undefined {
  if (last.flappingSince !== undefined) return 'flapping-ended';
  if (compareImpact(next.confirmed, incident.impact) > 0) {
    return confirmedAtOnce(next.verdict, next, policy) ? 'page-at-once' : 'failures-reached';
  }
  if (next.confirmed !== incident.impact) return 'successes-reached';
  // Another verdict is news once it stays, and only if it is as bad as what the incident is about.
  const impact = impactOf(next.verdict);
  if (impact !== next.confirmed || next.sameVerdict < thresholdOf(next.verdict.code, impact, policy)) return undefined;
  if (next.verdict.code !== incident.verdict.code) return 'verdict-changed';
  const urgency = compareSeverity(next.verdict.severity, incident.verdict.severity);
  if (urgency === 0) return undefined;
  return urgency > 0 ? 'severity-raised' : 'severity-lowered';
}

function change(incident: Incident, next: TargetState, { at, verdict, evidence }: Seen, reason: Reason): Attended {
  const impact = reason === 'flapping-started' ? worseOf(incident.impact, 'down') : next.confirmed;
  // A good result among bad ones is no verdict about the trouble.
  const about = impactOf(verdict) === 'none' ? incident : { verdict, evidence };
  const changed = {
    ...incident,
    impact,
    verdict: about.verdict,
    evidence: about.evidence,
    worst: moreImportant(incident.worst, about.verdict),
  };
  return told(changed, 'changed', at, reason, about.verdict);
}

function resolve(incident: Incident, next: TargetState, { at }: Seen, last: TargetState): Attended {
  const reason =
    next.maintenance !== undefined ? 'recovered-in-maintenance' : last.flappingSince !== undefined ? 'flapping-ended' : 'successes-reached';
  return { incident: undefined, events: [resolved(incident, at, next.runSince, reason, next.verdict)] };
}

/** Whatever the clock did meanwhile, an incident begins, is opened, ends and is resolved in this order. */
function resolved(incident: Incident, at: number, goodSince: number, reason: Reason, verdict: VerdictSeen): IncidentEvent {
  const resolvedAt = Math.max(at, incident.openedAt);
  const endedAt = Math.min(Math.max(goodSince, incident.startedAt), resolvedAt);
  const closed = withUpdate({ ...incident, endedAt, resolvedAt }, { at, kind: 'resolved', reason, verdict });
  return { kind: 'resolved', reason, at, incident: closed };
}

function told(incident: Incident, kind: IncidentEventKind, at: number, reason: Reason, verdict: VerdictSeen): Attended {
  const updated = withUpdate(incident, { at, kind, reason, verdict });
  return { incident: updated, events: [{ kind, reason, at, incident: updated }] };
}

function worseOf(a: Impact, b: Impact): Impact {
  return compareImpact(a, b) >= 0 ? a : b;
}

function moreImportant(a: VerdictSeen, b: VerdictSeen): VerdictSeen {
  return byImportance(verdictOf(a.code, [], a), verdictOf(b.code, [], b)) <= 0 ? a : b;
}

function firstReason({ blind, maintenance }: TargetState): Reason {
  return blind && maintenance === undefined ? 'probe-blind' : 'first-result';
}

/** What stands above the condition explains a change first; then what was confirmed; then what the single result says. */
function reasonFor(last: TargetState, after: TargetState, { verdict }: Seen, policy: Policy): Reason {
  if (after.maintenance !== undefined) return 'maintenance-started';
  if (after.blind) return 'probe-blind';
  if (last.maintenance !== undefined) return 'maintenance-ended';
  if (last.blind) return 'probe-sees-again';
  if (last.flappingSince === undefined && after.flappingSince !== undefined) return 'flapping-started';
  if (last.flappingSince !== undefined && after.flappingSince === undefined) return 'flapping-ended';
  const moved = compareImpact(after.confirmed, last.confirmed);
  if (moved > 0) return confirmedAtOnce(verdict, after, policy) ? 'page-at-once' : 'failures-reached';
  if (moved < 0) return 'successes-reached';
  switch (after.condition) {
    case 'suspect':
      return 'first-failure';
    case 'recovering':
      return 'first-success';
    case 'down':
      return 'failed-again';
    case 'ok':
    case 'degraded':
    case 'unknown':
      return 'failure-not-confirmed';
  }
}
