export interface Period {
  readonly id: string;
  readonly periodMs: number;
}

/** A timer that fires a little early must not make a target wait for a whole round more. */
const EARLY_MS = 2_000;

/** The period that an instant lies in, counted from the epoch, so that every instance counts alike. */
export function periodAt(at: number, periodMs: number): number {
  return Math.floor((at + EARLY_MS) / periodMs);
}

/**
 * True when the target has no result of the present period. A last result that is newer than `now` means that another cycle was
 * faster, or that the clock was put back: by as much as a few periods one waits, but a whole day would be too long.
 */
export function isDue(lastAt: number | undefined, periodMs: number, now: number): boolean {
  if (lastAt === undefined) return true;
  if (lastAt > now) return lastAt - now > staleAfterMs(periodMs);
  return periodAt(lastAt, periodMs) < periodAt(now, periodMs);
}

/** Twice the period and a minute: a cycle may take most of one period, and the next may start late. */
export function staleAfterMs(periodMs: number): number {
  return 2 * periodMs + 60_000;
}

/** The due ones, longest unseen first: what did not fit into the last cycle comes first in this one. */
export function dueTargets<Target extends Period>(
  targets: readonly Target[],
  lastAt: (id: string) => number | undefined,
  now: number,
): readonly Target[] {
  const age = ({ id }: Target): number => {
    const at = lastAt(id);
    return at === undefined ? Number.POSITIVE_INFINITY : Math.abs(now - at);
  };
  return targets.filter(({ id, periodMs }) => isDue(lastAt(id), periodMs, now)).toSorted((a, b) => compare(age(b), age(a)));
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}
