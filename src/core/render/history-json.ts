import type { Impact } from '../monitor/impact.ts';
import type { Incident, IncidentEventKind } from '../monitor/incident.ts';
import { REASONS, type Reason } from '../monitor/reason.ts';
import type { CheckResult, CycleResult } from '../monitor/result.ts';
import { type ResultGap, type ResultRun, resultRuns } from '../monitor/result-runs.ts';
import { percentile } from '../rollup/histogram.ts';
import { type ConditionOverTime, type Rollup, uptime } from '../rollup/rollup.ts';
import { isoTime } from '../time.ts';
import type { Severity } from '../verdict/severity.ts';
import type { History, HistoryView } from './history-text.ts';
import { type VerdictJson, verdictJson } from './status-json.ts';

export interface IncidentJson {
  readonly id: string;
  readonly impact: Impact;
  readonly startedAt: string;
  readonly openedAt: string;
  /** null while it is open. */
  readonly endedAt: string | null;
  readonly resolvedAt: string | null;
  readonly verdict: VerdictJson;
  readonly worst: VerdictJson;
  readonly evidence: readonly string[];
  readonly updates: readonly {
    readonly at: string;
    readonly kind: IncidentEventKind;
    readonly reason: { readonly name: Reason; readonly text: string };
    readonly verdict: VerdictJson;
  }[];
  readonly updatesLeftOut: number;
}

export interface SpanJson {
  /** `2026-11-24T10` or `2026-11-24`, in UTC. */
  readonly key: string;
  readonly counts: Readonly<Record<Severity, number>>;
  readonly seconds: Readonly<Record<ConditionOverTime, number>>;
  readonly uptime: number | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

export interface ResultJson {
  readonly at: string;
  readonly verdict: VerdictJson;
  readonly alsoFound: readonly VerdictJson[];
  readonly evidence: readonly string[];
  readonly durationMs: number;
  readonly responseMs: number | null;
  readonly checks: readonly CheckResult[];
  readonly vantage: string;
  readonly rechecked: boolean;
  readonly inMaintenance: boolean;
}

export type RunJson =
  | {
      readonly kind: 'results';
      readonly from: string;
      readonly until: string;
      readonly count: number;
      readonly verdict: VerdictJson;
      readonly inMaintenance: boolean;
      readonly medianMs: number | null;
    }
  | { readonly kind: 'gap'; readonly from: string; readonly until: string };

/** What `scepwatch history ID --json` prints: the lists that the view has, newest first. */
export interface HistoryJson {
  readonly schema: 'scepwatch.history/1';
  readonly at: string;
  readonly target: { readonly id: string; readonly name: string; readonly tenant?: string; readonly removedAt?: string };
  readonly view: HistoryView;
  readonly from: string;
  readonly until: string;
  /** True when a list is longer than the limit and was cut. */
  readonly cut: boolean;
  readonly incidents?: readonly IncidentJson[];
  readonly days?: readonly SpanJson[];
  readonly hours?: readonly SpanJson[];
  readonly runs?: readonly RunJson[];
  readonly results?: readonly ResultJson[];
}

export function historyJson(history: History, view: HistoryView, limit: number): HistoryJson {
  const { at, target, from, until } = history;
  const lists = {
    ...((view === 'timeline' || view === 'incidents') && { incidents: history.incidents.map(incidentJson) }),
    ...((view === 'timeline' || view === 'days') && { days: history.days.toReversed().map(spanJson) }),
    ...(view === 'hours' && { hours: history.hours.toReversed().map(spanJson) }),
    ...(view === 'timeline' && { runs: resultRuns(history.results, target.periodMs).map(runJson) }),
    ...(view === 'results' && { results: history.results.map(resultJson) }),
  };
  const { removedAt } = target;
  return {
    schema: 'scepwatch.history/1',
    at: isoTime(at),
    target: {
      id: target.id,
      name: target.name,
      ...(target.tenant !== undefined && { tenant: target.tenant }),
      ...(removedAt !== undefined && { removedAt: isoTime(removedAt) }),
    },
    view,
    from: isoTime(from),
    until: isoTime(until),
    cut: Object.values(lists).some((list) => list.length > limit),
    ...(lists.incidents !== undefined && { incidents: lists.incidents.slice(0, limit) }),
    ...(lists.days !== undefined && { days: lists.days.slice(0, limit) }),
    ...(lists.hours !== undefined && { hours: lists.hours.slice(0, limit) }),
    ...(lists.runs !== undefined && { runs: lists.runs.slice(0, limit) }),
    ...(lists.results !== undefined && { results: lists.results.slice(0, limit) }),
  };
}

function incidentJson(incident: Incident): IncidentJson {
  const { id, impact, startedAt, openedAt, endedAt, resolvedAt, verdict, worst, evidence, updates, updatesLeftOut } = incident;
  return {
    id,
    impact,
    startedAt: isoTime(startedAt),
    openedAt: isoTime(openedAt),
    endedAt: endedAt === undefined ? null : isoTime(endedAt),
    resolvedAt: resolvedAt === undefined ? null : isoTime(resolvedAt),
    verdict: verdictJson(verdict),
    worst: verdictJson(worst),
    evidence,
    updates: updates.map(({ at, kind, reason, verdict: seen }) => ({
      at: isoTime(at),
      kind,
      reason: { name: reason, text: REASONS[reason] },
      verdict: verdictJson(seen),
    })),
    updatesLeftOut,
  };
}

function spanJson(rollup: Rollup): SpanJson {
  const { key, counts, seconds, responseMs } = rollup;
  return {
    key,
    counts,
    seconds,
    uptime: uptime([rollup]) ?? null,
    p50Ms: percentile(responseMs, 0.5) ?? null,
    p95Ms: percentile(responseMs, 0.95) ?? null,
  };
}

function resultJson(result: CycleResult): ResultJson {
  const { at, verdict, alsoFound, evidence, durationMs, responseMs, checks, vantage, rechecked, inMaintenance } = result;
  return {
    at: isoTime(at),
    verdict: verdictJson(verdict),
    alsoFound: alsoFound.map(verdictJson),
    evidence,
    durationMs,
    responseMs: responseMs ?? null,
    checks,
    vantage,
    rechecked,
    inMaintenance,
  };
}

function runJson(entry: ResultRun | ResultGap): RunJson {
  const from = isoTime(entry.from);
  const until = isoTime(entry.until);
  if (entry.kind === 'gap') return { kind: 'gap', from, until };
  const { count, last, medianMs } = entry;
  return {
    kind: 'results',
    from,
    until,
    count,
    verdict: verdictJson(last.verdict),
    inMaintenance: last.inMaintenance,
    medianMs: medianMs ?? null,
  };
}
