import type { CertificateCountdown } from '../monitor/countdown.ts';
import type { CycleCounts, CycleRecord, CycleTrigger } from '../monitor/cycle-record.ts';
import type { Impact } from '../monitor/impact.ts';
import type { Incident } from '../monitor/incident.ts';
import type { MonitorCondition, MonitorShown, Overview, ShownTarget } from '../monitor/overview.ts';
import type { Reason } from '../monitor/reason.ts';
import type { VerdictSeen } from '../monitor/state.ts';
import type { Status } from '../monitor/status.ts';
import { UPTIME_WINDOWS, type UptimeWindow, uptimeOver } from '../rollup/uptime-window.ts';
import { daysUntil, isoTime } from '../time.ts';
import { CATALOG } from '../verdict/catalog.ts';
import type { Hop } from '../verdict/hop.ts';
import { firstFixes, openingReason } from './incident-list.ts';

export interface VerdictJson extends VerdictSeen {
  readonly title: string;
}

export interface UptimeJson {
  /** null when nothing of the window is known. */
  readonly ratio: number | null;
  readonly downSeconds: number;
  readonly knownSeconds: number;
  readonly windowSeconds: number;
}

/** One target as it is now; times are ISO 8601. */
export interface TargetJson {
  readonly id: string;
  readonly name: string;
  readonly tenant?: string;
  readonly status: Status;
  readonly stale: boolean;
  readonly since: string;
  readonly lastResultAt: string;
  readonly ageSeconds: number;
  readonly periodSeconds: number;
  readonly verdict: VerdictJson;
  readonly path: readonly Hop[];
  readonly evidence: readonly string[];
  readonly responseMs: number | null;
  readonly certificates: readonly { readonly role: CertificateCountdown['role']; readonly notAfter: string; readonly daysLeft: number }[];
  readonly incident: string | null;
  readonly maintenance: { readonly id: string; readonly title: string; readonly start: string; readonly end: string } | null;
  readonly uptime: Readonly<Record<UptimeWindow, UptimeJson>>;
}

export interface OpenIncidentJson {
  readonly id: string;
  readonly target: string;
  readonly impact: Impact;
  readonly startedAt: string;
  readonly openedAt: string;
  readonly verdict: VerdictJson;
  /** Why it was opened; null when that could not be read. */
  readonly reason: { readonly name: Reason; readonly text: string } | null;
  /** The first steps; `scepwatch explain CODE --json` has them all. */
  readonly fixes: readonly string[];
}

export interface CycleJson {
  readonly id: string;
  readonly trigger: CycleTrigger;
  readonly startedAt: string;
  readonly completedAt: string;
  readonly durationMs: number;
  readonly counts: CycleCounts;
  readonly ownNetwork: CycleRecord['ownNetwork'];
  readonly version: string;
}

export interface MonitorJson {
  readonly condition: MonitorCondition;
  readonly troubles: readonly string[];
  readonly lastCycle: CycleJson | null;
  readonly lastCycleAgeSeconds: number | null;
}

/** What `scepwatch status --json` prints. */
export interface StatusJson {
  readonly schema: 'scepwatch.status/1';
  readonly at: string;
  readonly monitor: MonitorJson;
  readonly counts: Readonly<Record<Status, number>>;
  readonly targets: readonly TargetJson[];
  readonly incidents: readonly OpenIncidentJson[];
  readonly removed: readonly string[];
}

const FIXES = 3;

export function statusJson(overview: Overview, incidents: ReadonlyMap<string, Incident>): StatusJson {
  const { at, targets, counts, monitor, removed } = overview;
  return {
    schema: 'scepwatch.status/1',
    at: isoTime(at),
    monitor: monitorJson(monitor),
    counts,
    targets: targets.map((target) => targetJson(target, at)),
    incidents: targets.flatMap((target) => openIncidentJson(target, incidents)),
    removed,
  };
}

/** `now` in epoch ms. */
export function targetJson({ summary, status, stale, since }: ShownTarget, now: number): TargetJson {
  const { id, verdict, view, lastAt, incident, maintenance } = summary;
  return {
    id,
    name: view.name,
    ...(view.tenant !== undefined && { tenant: view.tenant }),
    status,
    stale,
    since: isoTime(since),
    lastResultAt: isoTime(lastAt),
    ageSeconds: Math.max(0, Math.round((now - lastAt) / 1_000)),
    periodSeconds: view.periodMs / 1_000,
    verdict: verdictJson(verdict),
    path: view.path,
    evidence: view.evidence,
    responseMs: view.responseMs ?? null,
    certificates: view.certificates.map(({ role, notAfter }) => ({
      role,
      notAfter: isoTime(notAfter),
      daysLeft: daysUntil(notAfter, now),
    })),
    incident: incident?.id ?? null,
    maintenance:
      maintenance === undefined
        ? null
        : { id: maintenance.id, title: maintenance.title, start: isoTime(maintenance.start), end: isoTime(maintenance.end) },
    uptime: uptimesJson(summary, now),
  };
}

function uptimesJson(summary: ShownTarget['summary'], now: number): TargetJson['uptime'] {
  return Object.fromEntries(UPTIME_WINDOWS.map((window) => [window, uptimeJson(summary, window, now)])) as Record<UptimeWindow, UptimeJson>;
}

function uptimeJson(slices: ShownTarget['summary'], window: UptimeWindow, now: number): UptimeJson {
  const { ratio, downSeconds, knownSeconds, windowSeconds } = uptimeOver(slices, window, now);
  return { ratio: ratio ?? null, downSeconds, knownSeconds, windowSeconds };
}

export function verdictJson({ code, severity, layer }: VerdictSeen): VerdictJson {
  return { code, severity, layer, title: CATALOG[code].title };
}

export function openIncidentJson(
  { summary: { id, incident } }: ShownTarget,
  stored: ReadonlyMap<string, Incident>,
): readonly OpenIncidentJson[] {
  if (incident === undefined) return [];
  return [
    {
      id: incident.id,
      target: id,
      impact: incident.impact,
      startedAt: isoTime(incident.startedAt),
      openedAt: isoTime(incident.openedAt),
      verdict: verdictJson(incident.verdict),
      reason: openingReason(stored.get(incident.id)) ?? null,
      fixes: firstFixes(incident.verdict.code, FIXES),
    },
  ];
}

export function monitorJson({ condition, troubles, cycle, cycleAgeMs }: MonitorShown): MonitorJson {
  return {
    condition,
    troubles,
    lastCycle: cycle === undefined ? null : cycleJson(cycle),
    lastCycleAgeSeconds: cycleAgeMs === undefined ? null : Math.round(cycleAgeMs / 1_000),
  };
}

export function cycleJson({ id, trigger, startedAt, completedAt, counts, ownNetwork, version }: CycleRecord): CycleJson {
  return {
    id,
    trigger,
    startedAt: isoTime(startedAt),
    completedAt: isoTime(completedAt),
    durationMs: completedAt - startedAt,
    counts,
    ownNetwork,
    version,
  };
}
