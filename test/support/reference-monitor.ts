import type { Seen } from '../../src/core/monitor/decide.ts';
import { compareImpact, IMPACTS, type Impact, impactOf, isBlind } from '../../src/core/monitor/impact.ts';
import type { IncidentEventKind } from '../../src/core/monitor/incident.ts';
import type { Policy } from '../../src/core/monitor/policy.ts';

/**
 * What the monitor has to conclude, written down from the definitions: every question is asked of the whole list of results, nothing is
 * counted along the way. Slow, and only for clocks that never go back.
 */
export interface ReferenceStep {
  readonly seen: Seen;
  readonly policy: Policy;
}

export interface ReferenceIncident {
  readonly openedAt: number;
  readonly startedAt: number;
  readonly impact: Impact;
  readonly code: string;
  readonly severity: string;
}

export interface ReferenceView {
  readonly confirmed: Impact;
  readonly flapping: boolean;
  readonly incident: ReferenceIncident | undefined;
  readonly event: IncidentEventKind | undefined;
  /** Of the incident that this step resolved. */
  readonly endedAt: number | undefined;
}

const NOTHING: ReferenceView = { confirmed: 'none', flapping: false, incident: undefined, event: undefined, endedAt: undefined };

/** What is to be concluded after each step. */
export function referenceMonitor(steps: readonly ReferenceStep[]): readonly ReferenceView[] {
  const views: ReferenceView[] = [];
  for (const [index, step] of steps.entries()) {
    const before = views.at(-1) ?? NOTHING;
    views.push(
      isBlind(step.seen.verdict) ? { ...before, event: undefined, endedAt: undefined } : conclude(steps.slice(0, index + 1), views, before),
    );
  }
  return views;
}

/** `steps` up to and including the one in question, which is judged; `views` of those before it. */
function conclude(steps: readonly ReferenceStep[], views: readonly ReferenceView[], before: ReferenceView): ReferenceView {
  const judged = steps.filter(({ seen }) => !isBlind(seen.verdict));
  const stretch = connectedEnd(judged);
  const now = lastOf(judged);
  const impact = impactOf(now.seen.verdict);
  const confirmed = confirmedBy(stretch, before);
  const flapping = isFlapping(steps, views, before, confirmed);
  const view = { confirmed, flapping, event: undefined, endedAt: undefined };
  const { at, verdict, maintenance } = now.seen;
  const told = { code: verdict.code, severity: verdict.severity };

  if (before.incident === undefined) {
    const opens = flapping || (maintenance === undefined && impact !== 'none' && confirmed !== 'none');
    if (!opens) return { ...view, incident: undefined };
    const about = impact === 'none' ? (judged.at(-2)?.seen.verdict ?? verdict) : verdict;
    const flips = flipTimes(steps, views);
    const startedAt = flapping ? (flips.at(-now.policy.flap.changes) ?? at) : sideSince(stretch);
    const incident = {
      openedAt: at,
      startedAt,
      impact: flapping ? 'down' : confirmed,
      code: about.code,
      severity: about.severity,
    } as const;
    return { ...view, incident, event: 'opened' };
  }

  const { incident } = before;
  const changed = (to: Impact): ReferenceView => ({
    ...view,
    incident: { ...incident, ...(impact !== 'none' && told), impact: to },
    event: 'changed',
  });
  if (flapping) return before.flapping ? { ...view, incident } : changed('down');
  if (confirmed === 'none')
    return { ...view, incident: undefined, event: 'resolved', endedAt: Math.max(sideSince(stretch), incident.startedAt) };
  if (maintenance !== undefined) return { ...view, incident };
  if (before.flapping || confirmed !== incident.impact) return changed(confirmed);
  const isNews = told.code !== incident.code || told.severity !== incident.severity;
  const stays = endsWith(
    stretch,
    failuresNeeded(now),
    ({ seen }) => seen.verdict.code === told.code && seen.verdict.severity === told.severity,
  );
  return isNews && impact === confirmed && stays ? changed(confirmed) : { ...view, incident };
}

function lastOf(steps: readonly ReferenceStep[]): ReferenceStep {
  const last = steps.at(-1);
  if (last === undefined) throw new Error('no step');
  return last;
}

/** The results since the last one that lay too far from the one before it. */
function connectedEnd(judged: readonly ReferenceStep[]): readonly ReferenceStep[] {
  const start = judged.findLastIndex((step, index) => isFarFrom(step, judged[index - 1]));
  return judged.slice(Math.max(0, start));
}

function isFarFrom({ seen, policy }: ReferenceStep, previous: ReferenceStep | undefined): boolean {
  return previous !== undefined && seen.at - previous.seen.at > policy.staleAfterMs;
}

/** True when there are so many last steps and all of them are as asked. */
function endsWith(stretch: readonly ReferenceStep[], count: number, isSo: (step: ReferenceStep) => boolean): boolean {
  return stretch.length >= count && stretch.slice(-count).every(isSo);
}

function failuresNeeded({ seen: { verdict }, policy }: ReferenceStep): number {
  return impactOf(verdict) !== 'none' && policy.pageAtOnce.includes(verdict.code) ? 1 : policy.failuresBeforeAlert;
}

function confirmedBy(stretch: readonly ReferenceStep[], before: ReferenceView): Impact {
  const now = lastOf(stretch);
  // The first of a stretch: what was confirmed before it holds only if somebody was told.
  const held = stretch.length === 1 && before.incident === undefined ? 'none' : before.confirmed;
  const all = (count: number, isSo: (impact: Impact) => boolean): boolean =>
    endsWith(stretch, count, ({ seen }) => isSo(impactOf(seen.verdict)));
  const worse = IMPACTS.filter(
    (bound) => compareImpact(bound, held) > 0 && all(failuresNeeded(now), (impact) => compareImpact(impact, bound) >= 0),
  );
  const better = IMPACTS.filter(
    (bound) => compareImpact(bound, held) < 0 && all(now.policy.successesBeforeResolve, (impact) => compareImpact(impact, bound) <= 0),
  );
  return worse.at(-1) ?? better[0] ?? held;
}

/** Since when all results have been without impact, or all with it. */
function sideSince(stretch: readonly ReferenceStep[]): number {
  const works = ({ seen }: ReferenceStep): boolean => impactOf(seen.verdict) === 'none';
  const now = lastOf(stretch);
  const other = stretch.findLastIndex((step) => works(step) !== works(now));
  return stretch[other + 1]?.seen.at ?? now.seen.at;
}

/** When it went between down and not down outside maintenance, since flapping last ended. */
function flipTimes(steps: readonly ReferenceStep[], views: readonly ReferenceView[]): readonly number[] {
  const ended = views.findLastIndex((view, index) => !view.flapping && views[index - 1]?.flapping === true);
  const judged = steps.filter(({ seen }) => !isBlind(seen.verdict));
  const isDown = ({ seen }: ReferenceStep): boolean => impactOf(seen.verdict) === 'down';
  return judged.flatMap((step, index) => {
    const previous = judged[index - 1];
    if (previous === undefined || isFarFrom(step, previous) || isDown(step) === isDown(previous)) return [];
    return step.seen.maintenance === undefined && steps.indexOf(step) > ended ? [step.seen.at] : [];
  });
}

function isFlapping(steps: readonly ReferenceStep[], views: readonly ReferenceView[], before: ReferenceView, confirmed: Impact): boolean {
  const { seen, policy } = lastOf(steps);
  const { changes, windowMs, holdMs } = policy.flap;
  const flips = flipTimes(steps, views);
  if (!before.flapping) {
    const span = Math.max(windowMs, (changes * policy.staleAfterMs) / 2);
    return flips.at(-1) === seen.at && flips.filter((at) => seen.at - at <= span).length >= changes;
  }
  const stretch = connectedEnd(steps.filter((step) => !isBlind(step.seen.verdict)));
  const steadyMs = seen.at - Math.max(sideSince(stretch), flips.at(-1) ?? 0);
  const clear = (confirmed === 'none') === (impactOf(seen.verdict) === 'none');
  return !(clear && steadyMs >= holdMs);
}
