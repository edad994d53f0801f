import type { IncidentEventKind } from '../monitor/incident.ts';
import type { Overview } from '../monitor/overview.ts';
import { REASONS, type Reason } from '../monitor/reason.ts';
import type { Status } from '../monitor/status.ts';
import { isoTime } from '../time.ts';
import type { VerdictCode } from '../verdict/code.ts';
import { type MonitorJson, monitorJson, type TargetJson, targetJson } from './status-json.ts';
import type { ToldChange } from './watch-lines.ts';

interface Event {
  readonly schema: 'scepwatch.watch/1';
  readonly at: string;
}

/** What `scepwatch watch --json` prints, one object on each line. */
export type WatchEventJson =
  | (Event & {
      readonly event: 'change';
      readonly kind: 'appeared' | 'changed' | 'removed';
      /** How it was; null when it was not there. */
      readonly before: { readonly status: Status; readonly code: VerdictCode } | null;
      readonly target: TargetJson;
      readonly updates: readonly {
        readonly at: string;
        readonly kind: IncidentEventKind;
        readonly reason: { readonly name: Reason; readonly text: string };
      }[];
    })
  | (Event & {
      readonly event: 'cycle';
      readonly monitor: MonitorJson;
      readonly counts: Readonly<Record<Status, number>>;
      readonly nextAt: string | null;
    })
  | (Event & { readonly event: 'trouble'; readonly message: string });

const SCHEMA = 'scepwatch.watch/1';

export function changeJson({ change, updates }: ToldChange, now: number): WatchEventJson {
  const earlier = change.kind === 'changed' ? change.before : change.kind === 'removed' ? change.target : undefined;
  const before = earlier === undefined ? null : { status: earlier.status, code: earlier.summary.verdict.code };
  return {
    schema: SCHEMA,
    event: 'change',
    at: isoTime(now),
    kind: change.kind,
    before,
    target: targetJson(change.target, now),
    updates: updates.map(({ at, kind, reason }) => ({ at: isoTime(at), kind, reason: { name: reason, text: REASONS[reason] } })),
  };
}

export function cycleEventJson({ at, monitor, counts }: Overview, nextAt: number | undefined): WatchEventJson {
  return {
    schema: SCHEMA,
    event: 'cycle',
    at: isoTime(at),
    monitor: monitorJson(monitor),
    counts,
    nextAt: nextAt === undefined ? null : isoTime(nextAt),
  };
}

export function troubleJson(message: string, now: number): WatchEventJson {
  return { schema: SCHEMA, event: 'trouble', at: isoTime(now), message };
}
