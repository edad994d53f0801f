import type { VerdictCode } from '../verdict/code.ts';
import { compareSeverity } from '../verdict/severity.ts';
import { byImportance, verdictOf } from '../verdict/verdict.ts';
import { compareImpact, type Impact, impactOf, isBlind } from './impact.ts';
import { type Incident, type IncidentEvent, type IncidentEventKind, incidentId, withUpdate } from './incident.ts';
import type { Policy } from './policy.ts';
import type { Reason } from './reason.ts';
import { confirm, extendRuns, NO_RUNS, type Runs } from './runs.ts';
import type { InMaintenance, TargetState, VerdictSeen } from './state.ts';
import { type Condition, type Status, statusOf } from './status.ts';

/** One judged cycle of one target. */
export interface Seen {
  readonly target: string;
  /** Epoch ms. */
  readonly at: number;
  readonly verdict: VerdictSeen;
  readonly evidence: readonly string[];
  /** The maintenance window that the target is in at `at`. */
  readonly maintenance?: InMaintenance;
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
  const last = before ?? unseen(seen);
  const next = isBlind(seen.verdict) ? { ...last, blind: true, lastAt: seen.at } : judged(last, seen, policy);
  const flapping = flapHold(last, next, seen, policy);
  const inWindow = withMaintenance(flapping, seen.maintenance);
  const { incident, events } = isBlind(seen.verdict) ? { incident: last.incident, events: [] } : attend(last, inWindow, seen, policy);
  const { incident: _, ...rest } = inWindow;
  const state = incident === undefined ? rest : { ...rest, incident };
  const from = statusOf(before);
  const to = statusOf(state);
  if (from === to && before !== undefined) return { state, events };
  const settled = { ...state, since: seen.at };
  return { state: settled, transition: { from, to, reason: reasonFor(before, settled, seen, policy) }, events };
}

/** Ends the open incident of a target that is no longer configured; undefined when there is none. */
export function abandon(state: TargetState, at: number): { readonly state: TargetState; readonly event: IncidentEvent } | undefined {
  const { incident, ...rest } = state;
  if (incident === undefined) return undefined;
  return { state: rest, event: resolved(incident, at, at, 'target-removed', state.verdict) };
}

function unseen({ at, verdict }: Seen): TargetState {
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

function judged(last: TargetState, seen: Seen, policy: Policy): TargetState {
  const { at, verdict } = seen;
  const impact = impactOf(verdict);
  // Between two results that lie far apart anything may have happened: together they confirm nothing.
  const connected = at - last.judgedAt <= policy.staleAfterMs;
  const runs = extendRuns(connected ? last.runs : NO_RUNS, impact);
  const confirmed = confirm(last.confirmed, runs, thresholdOf(verdict.code, impact, policy), policy.successesBeforeResolve);
  const first = isNothing(last.runs);
  const sameSide = !first && connected && (impact === 'none') === (impactOf(last.verdict) === 'none');
  const repeated = connected && !first && verdict.code === last.verdict.code && verdict.severity === last.verdict.severity;
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
function flapHold(last: TargetState, next: TargetState, { at, verdict, maintenance }: Seen, { flap }: Policy): TargetState {
  const inWindow = last.flips.filter((flip) => Math.abs(at - flip) <= flap.windowMs);
  const flipped = !next.blind && !isNothing(last.runs) && (impactOf(verdict) === 'down') !== (impactOf(last.verdict) === 'down');
  const flips = flipped && maintenance === undefined ? [...inWindow, at] : inWindow;
  const { flappingSince, ...rest } = { ...next, flips };
  if (flappingSince === undefined) return flips.length >= flap.changes ? { ...rest, flappingSince: at } : rest;
  const quietSince = flips.at(-1) ?? flappingSince;
  return at - quietSince >= flap.holdMs ? { ...rest, flips: [] } : { ...rest, flappingSince };
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
  const started = flapping ? (next.flips[0] ?? seen.at) : next.runSince;
  const verdict = works ? last.verdict : seen.verdict;
  const incident: Incident = {
    id: incidentId(seen.target, seen.at),
    target: seen.target,
    openedAt: seen.at,
    startedAt: Math.min(started, seen.at),
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
  if (last.maintenance !== undefined && next.confirmed === last.confirmed) return 'failed-through-maintenance';
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
  if (impactOf(next.verdict) !== next.confirmed || next.sameVerdict < policy.failuresBeforeAlert) return undefined;
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
  const event = resolved(incident, at, Math.min(Math.max(next.runSince, incident.startedAt), at), reason, next.verdict);
  return { incident: undefined, events: [event] };
}

function resolved(incident: Incident, at: number, endedAt: number, reason: Reason, verdict: VerdictSeen): IncidentEvent {
  const closed = withUpdate({ ...incident, endedAt, resolvedAt: at }, { at, kind: 'resolved', reason, verdict });
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

/** What stands above the condition explains a change first; then what was confirmed; then what the single result says. */
function reasonFor(before: TargetState | undefined, after: TargetState, { verdict }: Seen, policy: Policy): Reason {
  if (after.blind) return 'probe-blind';
  if (before === undefined) return 'first-result';
  if (before.maintenance === undefined && after.maintenance !== undefined) return 'maintenance-started';
  if (before.maintenance !== undefined && after.maintenance === undefined) return 'maintenance-ended';
  if (before.blind) return 'probe-sees-again';
  if (before.flappingSince === undefined && after.flappingSince !== undefined) return 'flapping-started';
  if (before.flappingSince !== undefined && after.flappingSince === undefined) return 'flapping-ended';
  const moved = compareImpact(after.confirmed, before.confirmed);
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
