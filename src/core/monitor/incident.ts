import type { Impact } from './impact.ts';
import type { Reason } from './reason.ts';
import type { VerdictSeen } from './state.ts';

export const INCIDENT_EVENTS = ['opened', 'changed', 'resolved'] as const;

export type IncidentEventKind = (typeof INCIDENT_EVENTS)[number];

/** One thing that was told about an incident, or would have been. */
export interface IncidentUpdate {
  /** Epoch ms. */
  readonly at: number;
  readonly kind: IncidentEventKind;
  readonly reason: Reason;
  readonly verdict: VerdictSeen;
}

/** One trouble of one target from its first bad result to its recovery. Times in epoch ms. */
export interface Incident {
  readonly id: string;
  readonly target: string;
  /** When it was confirmed. */
  readonly openedAt: number;
  /** The first bad result. */
  readonly startedAt: number;
  /** The first good result of the run that ended it; absent while it is open. */
  readonly endedAt?: number;
  /** When the recovery was confirmed; absent while it is open. */
  readonly resolvedAt?: number;
  readonly impact: Impact;
  readonly verdict: VerdictSeen;
  /** The most severe verdict so far. */
  readonly worst: VerdictSeen;
  /** What was seen when it opened or last changed; safe to print, never shown without a key. */
  readonly evidence: readonly string[];
  /** Oldest first. Of a long list the middle is left out; `updatesLeftOut` says how many. */
  readonly updates: readonly IncidentUpdate[];
  readonly updatesLeftOut: number;
}

/** What alerts are made of: one change of one incident, with the incident as it is after it. */
export interface IncidentEvent {
  readonly kind: IncidentEventKind;
  readonly reason: Reason;
  /** Epoch ms. */
  readonly at: number;
  readonly incident: Incident;
}

const FIRST_UPDATES = 10;
const LAST_UPDATES = 40;

/** The same for every instance that decides from the same state: two cycles that overlap cannot open two incidents for one trouble. */
export function incidentId(target: string, openedAt: number): string {
  return `${target}-${openedAt.toString(36)}`;
}

export function withUpdate(incident: Incident, update: IncidentUpdate): Incident {
  const updates = [...incident.updates, update];
  if (updates.length <= FIRST_UPDATES + LAST_UPDATES) return { ...incident, updates };
  return {
    ...incident,
    updates: [...updates.slice(0, FIRST_UPDATES), ...updates.slice(-LAST_UPDATES)],
    updatesLeftOut: incident.updatesLeftOut + updates.length - FIRST_UPDATES - LAST_UPDATES,
  };
}
