import { addGrowth, addResult, emptyRollup, type Rollup, type RollupResult, type RollupSpan, touchedKeys } from '../rollup/rollup.ts';
import { KEPT_DAYS, KEPT_HOURS, sliceOf, withSlices } from '../rollup/slice.ts';
import type { TargetHistory } from '../verdict/report.ts';
import { COUNTDOWN_ROLES } from './countdown.ts';
import { type Decision, decide } from './decide.ts';
import type { Incident } from './incident.ts';
import type { Policy } from './policy.ts';
import type { CycleResult } from './result.ts';
import type { InMaintenance, LastView, TargetRecord } from './state.ts';

/** A judged cycle, together with what it follows. */
export interface Step {
  readonly target: string;
  readonly commit: string;
  readonly before: TargetRecord | undefined;
  readonly result: CycleResult;
  readonly history: TargetHistory;
  readonly longUrl: TargetRecord['longUrl'];
  readonly maintenance: InMaintenance | undefined;
  readonly policy: Policy;
  /** As in Seen. */
  readonly workingSince: number | undefined;
  /** Of the target's URL: certificates of another server are no history of this one. */
  readonly host: string;
  /** What the probe saw; certificates that it could not read come from the record before. */
  readonly view: LastView;
  /** Rollups that are stored already, for the spans that the last record does not hold. */
  readonly storedRollups: readonly Rollup[];
}

/** All that a cycle of one target leaves behind. */
export interface Outcome {
  readonly record: TargetRecord;
  readonly decision: Decision;
  readonly hours: readonly Rollup[];
  readonly days: readonly Rollup[];
  readonly incidents: readonly Incident[];
}

/** How far back a result speaks when the one before it is missing, in periods. */
const MAX_COVER_PERIODS = 1.5;

/** Since when a result speaks for its target (epoch ms): the result before it, but never longer than one and a half periods. */
export function coveredFrom(at: number, lastAt: number | undefined, periodMs: number): number {
  return lastAt === undefined ? at : Math.min(at, Math.max(lastAt, at - periodMs * MAX_COVER_PERIODS));
}

/** The next record of a target and all rows that belong to it. Pure: an overlapping cycle that starts from the same record comes to the same. */
export function nextRecord(step: Step): Outcome {
  const { target, before, result, policy, maintenance } = step;
  const { at, verdict, evidence } = result;
  const decision = decide(
    before?.state,
    {
      target,
      at,
      verdict,
      evidence,
      ...(maintenance !== undefined && { maintenance }),
      ...(step.workingSince !== undefined && { workingSince: step.workingSince }),
    },
    policy,
  );
  const covered: RollupResult = {
    at,
    verdict,
    inMaintenance: maintenance !== undefined,
    ...(result.responseMs !== undefined && { responseMs: result.responseMs }),
    coversFrom: coveredFrom(at, before?.state.lastAt, step.view.periodMs),
  };
  const grown = grownHours(covered, step);
  const hours = grown.map(({ after }) => after);
  const days = grownDays(covered, step, grown);
  const record: TargetRecord = {
    version: (before?.version ?? 0) + 1,
    commit: step.commit,
    host: step.host,
    state: decision.state,
    history: step.history,
    hour: hours.at(-1) ?? emptyRollup(''),
    day: days.at(-1) ?? emptyRollup(''),
    hours: withSlices(before?.hours ?? [], hours.map(sliceOf), KEPT_HOURS),
    days: withSlices(before?.days ?? [], days.map(sliceOf), KEPT_DAYS),
    ...(step.longUrl !== undefined && { longUrl: step.longUrl }),
    view: { ...step.view, certificates: knownCertificates(step.view, before?.view) },
  };
  const last = decision.events.at(-1);
  return { record, decision, hours, days, incidents: last === undefined ? [] : [last.incident] };
}

/** The keys whose rollups have to be read before `nextRecord` can go on from them: all that the record itself does not hold. */
export function missingRollups(span: RollupSpan, before: TargetRecord | undefined, at: number, periodMs: number): readonly string[] {
  const held = span === 'hour' ? before?.hour.key : before?.day.key;
  return touchedKeys(span, { at, coversFrom: coveredFrom(at, before?.state.lastAt, periodMs) }).filter((key) => key !== held);
}

function knownCertificates({ certificates }: LastView, before: LastView | undefined): LastView['certificates'] {
  const older = (before?.certificates ?? []).filter(({ role }) => !certificates.some((known) => known.role === role));
  return [...certificates, ...older].toSorted((a, b) => COUNTDOWN_ROLES.indexOf(a.role) - COUNTDOWN_ROLES.indexOf(b.role));
}

interface Growth {
  readonly before: Rollup;
  readonly after: Rollup;
}

function grownHours(covered: RollupResult, step: Step): readonly Growth[] {
  return touchedKeys('hour', covered).map((key) => {
    const before = rollupSoFar(key, step.before?.hour, step);
    return { before, after: addResult('hour', before, covered) };
  });
}

/** A day grows by what its hours grow by, so that both always say the same. */
function grownDays(covered: RollupResult, step: Step, hours: readonly Growth[]): readonly Rollup[] {
  return touchedKeys('day', covered).map((key) =>
    hours
      .filter(({ after }) => after.key.startsWith(key))
      .reduce((day, { before, after }) => addGrowth(day, before, after), rollupSoFar(key, step.before?.day, step)),
  );
}

function rollupSoFar(key: string, held: Rollup | undefined, { storedRollups }: Step): Rollup {
  return held?.key === key ? held : (storedRollups.find((rollup) => rollup.key === key) ?? emptyRollup(key));
}
