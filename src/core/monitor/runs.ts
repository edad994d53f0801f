import { compareImpact, IMPACTS, type Impact } from './impact.ts';

/** For each impact: how many results in a row, the last included, were at least, and at most, as bad as it. */
export interface Runs {
  readonly atLeast: Readonly<Record<Impact, number>>;
  readonly atMost: Readonly<Record<Impact, number>>;
}

const NONE: Readonly<Record<Impact, number>> = { none: 0, unknown: 0, degraded: 0, down: 0 };

export const NO_RUNS: Runs = { atLeast: NONE, atMost: NONE };

/** Counts stop here: no policy asks for more, and the state of a target that is fine stays the same. */
export const LONGEST_RUN = 100;

export function extendRuns({ atLeast, atMost }: Runs, impact: Impact): Runs {
  const count = (before: Readonly<Record<Impact, number>>, counts: (bound: Impact) => boolean): Readonly<Record<Impact, number>> => ({
    none: counts('none') ? Math.min(before.none + 1, LONGEST_RUN) : 0,
    unknown: counts('unknown') ? Math.min(before.unknown + 1, LONGEST_RUN) : 0,
    degraded: counts('degraded') ? Math.min(before.degraded + 1, LONGEST_RUN) : 0,
    down: counts('down') ? Math.min(before.down + 1, LONGEST_RUN) : 0,
  });
  return {
    atLeast: count(atLeast, (bound) => compareImpact(impact, bound) >= 0),
    atMost: count(atMost, (bound) => compareImpact(impact, bound) <= 0),
  };
}

/**
 * The impact that the latest results confirm: the worst one above `before` that the last `failures` results all reached,
 * else the mildest one below it that the last `successes` results all kept within, else `before`.
 */
export function confirm(before: Impact, { atLeast, atMost }: Runs, failures: number, successes: number): Impact {
  const worse = IMPACTS.filter((impact) => compareImpact(impact, before) > 0 && atLeast[impact] >= failures).at(-1);
  if (worse !== undefined) return worse;
  const better = IMPACTS.find((impact) => compareImpact(impact, before) < 0 && atMost[impact] >= successes);
  return better ?? before;
}
