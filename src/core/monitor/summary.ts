import type { Slice } from '../rollup/slice.ts';
import { staleAfterMs } from './due.ts';
import type { Incident } from './incident.ts';
import type { InMaintenance, LastView, TargetRecord, TargetState, VerdictSeen } from './state.ts';
import { isStale, type Status, statusOf } from './status.ts';

/** What every surface that shows all targets needs of one: one row each, all rows one query. Follows from the record alone. Times in epoch ms. */
export interface TargetSummary {
  readonly id: string;
  /** That of the record: of two summaries the one with the higher version is the newer. */
  readonly version: number;
  readonly status: Status;
  /** What it would be without the maintenance window. */
  readonly beneath: Status;
  readonly since: number;
  readonly lastAt: number;
  readonly verdict: VerdictSeen;
  readonly view: LastView;
  readonly incident?: Pick<Incident, 'id' | 'openedAt' | 'startedAt' | 'impact' | 'verdict'>;
  readonly maintenance?: InMaintenance;
  /** When the target was found to be no longer configured; its history stays. */
  readonly removedAt?: number;
  readonly hours: readonly Slice[];
  readonly days: readonly Slice[];
}

/** The status that people are shown now: what was known is unknown once it is too old, and maintenance ends with its window. `now` in epoch ms. */
export function shownStatus(
  { status, beneath, lastAt, view, maintenance }: Pick<TargetSummary, 'status' | 'beneath' | 'lastAt' | 'view' | 'maintenance'>,
  now: number,
): Status {
  if (isStale(lastAt, now, staleAfterMs(view.periodMs))) return 'unknown';
  return status === 'maintenance' && maintenance !== undefined && maintenance.end <= now ? beneath : status;
}

export function summarise(id: string, { version, state, view, hours, days }: TargetRecord): TargetSummary {
  const { since, lastAt, verdict, incident, maintenance } = state;
  return {
    id,
    version,
    status: statusOf(state),
    beneath: statusOf(withoutMaintenance(state)),
    since,
    lastAt,
    verdict,
    view,
    ...(incident !== undefined && { incident: shortly(incident) }),
    ...(maintenance !== undefined && { maintenance }),
    hours,
    days,
  };
}

function withoutMaintenance({ maintenance: _, ...state }: TargetState): TargetState {
  return state;
}

function shortly({ id, openedAt, startedAt, impact, verdict }: Incident): NonNullable<TargetSummary['incident']> {
  return { id, openedAt, startedAt, impact, verdict };
}
