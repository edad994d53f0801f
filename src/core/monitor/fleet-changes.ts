import type { Overview, ShownTarget } from './overview.ts';
import { saysTheSame } from './result-runs.ts';

/** What has become of one target between two looks at the fleet. */
export type FleetChange =
  | { readonly kind: 'appeared' | 'removed'; readonly target: ShownTarget }
  | { readonly kind: 'changed'; readonly target: ShownTarget; readonly before: ShownTarget };

/** Targets whose status, verdict or incident is not what it was, worst first. Without `before` every target is new. */
export function fleetChanges(before: Overview | undefined, after: Overview): readonly FleetChange[] {
  const known = new Map(before?.targets.map((target) => [target.summary.id, target]));
  const changes = after.targets.flatMap((target): readonly FleetChange[] => {
    const last = known.get(target.summary.id);
    if (last === undefined) return [{ kind: 'appeared', target }];
    return isSame(last, target) ? [] : [{ kind: 'changed', target, before: last }];
  });
  const present = new Set(after.targets.map(({ summary }) => summary.id));
  const gone = (before?.targets ?? []).filter(({ summary }) => !present.has(summary.id));
  return [...changes, ...gone.map((target): FleetChange => ({ kind: 'removed', target }))];
}

function isSame(a: ShownTarget, b: ShownTarget): boolean {
  return (
    a.status === b.status &&
    saysTheSame(a.summary.verdict, b.summary.verdict) &&
    a.summary.incident?.id === b.summary.incident?.id &&
    a.summary.incident?.verdict.code === b.summary.incident?.verdict.code
  );
}
