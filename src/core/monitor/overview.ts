import { durationText } from '../text/duration.ts';
import { printable } from '../text/printable.ts';
import type { Severity } from '../verdict/severity.ts';
import type { CycleRecord } from './cycle-record.ts';
import { staleAfterMs } from './due.ts';
import { STATUSES, type Status } from './status.ts';
import { shownStatus, type TargetSummary } from './summary.ts';

/** Every target and the last cycle, as they are stored. */
export interface FleetSeen {
  readonly summaries: readonly TargetSummary[];
  readonly cycle?: CycleRecord;
  /** Rows that could not be read. */
  readonly problems: readonly string[];
}

/** A target as people are shown it now. */
export interface ShownTarget {
  readonly summary: TargetSummary;
  readonly status: Status;
  /** Its last result is too old; `status` is unknown for that reason. */
  readonly stale: boolean;
  /** Since when it has been so; of a stale target the time of its last result. Epoch ms. */
  readonly since: number;
}

/** `overdue` and `never-ran`: nothing that is shown can be relied on. `troubled`: some of it cannot. */
export const MONITOR_CONDITIONS = ['working', 'troubled', 'overdue', 'never-ran'] as const;

export type MonitorCondition = (typeof MONITOR_CONDITIONS)[number];

export interface MonitorShown {
  readonly condition: MonitorCondition;
  readonly cycle?: CycleRecord;
  /** Since the last cycle was completed, in milliseconds. */
  readonly cycleAgeMs?: number;
  /** What is wrong with the monitor itself, one line each, safe to print. */
  readonly troubles: readonly string[];
}

/** Everything that a surface with all targets shows. */
export interface Overview {
  /** Epoch ms. */
  readonly at: number;
  /** Worst first, then by name; without those that are no longer configured. */
  readonly targets: readonly ShownTarget[];
  readonly counts: Readonly<Record<Status, number>>;
  /** Ids of targets that are no longer configured. */
  readonly removed: readonly string[];
  readonly monitor: MonitorShown;
}

/** The order in which people want to see them. */
export const WORST_FIRST = [
  'down',
  'flapping',
  'degraded',
  'unknown',
  'suspect',
  'recovering',
  'maintenance',
  'ok',
] as const satisfies Status[];

/** How urgent a status is, for exit codes. Something that flaps is down every now and then. */
export const STATUS_SEVERITY: Readonly<Record<Status, Severity>> = {
  ok: 'ok',
  maintenance: 'ok',
  suspect: 'warn',
  recovering: 'warn',
  degraded: 'warn',
  down: 'crit',
  flapping: 'crit',
  unknown: 'unknown',
};

const USUAL_PERIOD_MS = 300_000;

/** `now` in epoch ms. */
export function overviewOf(fleet: FleetSeen, now: number): Overview {
  const targets = fleet.summaries
    .filter(({ removedAt }) => removedAt === undefined)
    .map((summary) => shownTarget(summary, now))
    .toSorted((a, b) => rank(a) - rank(b) || compareText(a.summary.view.name, b.summary.view.name));
  return {
    at: now,
    targets,
    counts: countsOf(targets),
    removed: fleet.summaries.flatMap(({ id, removedAt }) => (removedAt === undefined ? [] : [id])),
    monitor: monitorShown(fleet, targets, now),
  };
}

export function shownTarget(summary: TargetSummary, now: number): ShownTarget {
  const status = shownStatus(summary, now);
  const stale = now - summary.lastAt > staleAfterMs(summary.view.periodMs);
  return { summary, status, stale, since: stale ? summary.lastAt : summary.since };
}

/** The same overview with one target alone. */
export function onlyTarget(overview: Overview, id: string): Overview {
  const targets = overview.targets.filter(({ summary }) => summary.id === id);
  return { ...overview, targets, counts: countsOf(targets), removed: overview.removed.filter((removed) => removed === id) };
}

/** True when the last cycle could see nothing because the monitor's own network was down; the verdict is an older one. */
export function wasBlind({ view: { path } }: Pick<TargetSummary, 'view'>): boolean {
  return path.length > 0 && path.every(({ state }) => state === 'unknown' || state === 'unreached');
}

/** The severities that an exit code is made of: those of all targets, and the monitor's own. */
export function overviewSeverities({ targets, monitor }: Overview): readonly Severity[] {
  return [...targets.map(({ status }) => STATUS_SEVERITY[status]), MONITOR_SEVERITY[monitor.condition]];
}

const MONITOR_SEVERITY: Readonly<Record<MonitorCondition, Severity>> = {
  working: 'ok',
  troubled: 'warn',
  overdue: 'unknown',
  'never-ran': 'unknown',
};

function rank({ status }: ShownTarget): number {
  return WORST_FIRST.indexOf(status);
}

/** Not by locale: everybody sees the same order. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function countsOf(targets: readonly ShownTarget[]): Readonly<Record<Status, number>> {
  return Object.fromEntries(STATUSES.map((status) => [status, targets.filter((one) => one.status === status).length])) as Record<
    Status,
    number
  >;
}

function monitorShown({ cycle, problems }: FleetSeen, targets: readonly ShownTarget[], now: number): MonitorShown {
  const damaged = problems.map((problem) => printable(problem));
  if (cycle === undefined) return { condition: 'never-ran', troubles: ['no cycle has been completed yet', ...damaged] };
  const cycleAgeMs = Math.max(0, now - cycle.completedAt);
  const shortest = Math.min(...targets.map(({ summary }) => summary.view.periodMs), targets.length === 0 ? USUAL_PERIOD_MS : Infinity);
  const overdue = cycleAgeMs > staleAfterMs(shortest);
  const troubles = [
    ...(overdue ? [`no cycle has been completed for ${durationText(cycleAgeMs)}: the monitor seems to have stopped`] : []),
    ...cycleTroubles(cycle, now),
    ...damaged,
  ];
  return { condition: overdue ? 'overdue' : troubles.length > 0 ? 'troubled' : 'working', cycle, cycleAgeMs, troubles };
}

function cycleTroubles({ counts: { failed, deferred }, ownNetwork, blindSince, problems }: CycleRecord, now: number): readonly string[] {
  // A cycle in which no target was due has not asked anybody, so that the trouble of the one before it is still there.
  const blindMs = blindSince === undefined ? (ownNetwork === 'down' ? 0 : undefined) : Math.max(0, now - blindSince);
  return [
    ...(blindMs === undefined
      ? []
      : [`the monitor's own network is down${blindMs === 0 ? '' : ` for ${durationText(blindMs)}`}, so nothing can be seen`]),
    ...(failed > 0 ? [`the results of ${counted(failed, 'target')} could not be stored`] : []),
    ...(deferred > 0 ? [`${counted(deferred, 'target')} did not fit into the last cycle; first in the next one`] : []),
    ...problems.map((problem) => printable(problem)),
  ];
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
