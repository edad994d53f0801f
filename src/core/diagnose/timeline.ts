import { DAY_MS } from '../time.ts';
import type { Timeline, TimelineRow } from './log-summary.ts';
import type { Outcome } from './outcome.ts';
import { PLATFORMS, type Platform } from './scep-exchange.ts';

export const MAX_BUCKETS = 96;

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Widths that people read on a clock or a calendar, in milliseconds; the last one holds every time that there is in one picture. */
const WIDTHS_MS: readonly number[] = [
  1_000,
  5_000,
  15_000,
  MINUTE_MS,
  5 * MINUTE_MS,
  15 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
  DAY_MS,
  2 * DAY_MS,
  7 * DAY_MS,
  14 * DAY_MS,
  30 * DAY_MS,
  90 * DAY_MS,
  365 * DAY_MS,
  3_650 * DAY_MS,
  36_500 * DAY_MS,
  365_000 * DAY_MS,
];

type Cell = Record<Outcome, number>;

/** Counts per platform and bucket; buckets become wider as the time that they have to cover grows, so there are never more than MAX_BUCKETS. */
export interface TimelineTally {
  readonly add: (platform: Platform, at: number, outcome: Outcome, count?: number) => void;
  /** undefined when nothing was added. */
  readonly result: () => Timeline | undefined;
}

/** `leastMs` is how wide buckets are at least. */
export function createTimeline(leastMs = 0): TimelineTally {
  const rows = new Map<Platform, Map<number, Cell>>();
  let width = Math.max(
    0,
    WIDTHS_MS.findIndex((one) => one >= leastMs),
  );
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;

  const bucketMs = (): number => WIDTHS_MS[width] ?? DAY_MS;

  const widen = (): void => {
    const before = bucketMs();
    width++;
    for (const [platform, cells] of rows) rows.set(platform, rebinned(cells, before, bucketMs()));
    first = Math.floor((first * before) / bucketMs());
    last = Math.floor((last * before) / bucketMs());
  };

  return {
    add: (platform, at, outcome, count = 1) => {
      let bucket = Math.floor(at / bucketMs());
      if (bucket < first || bucket > last) {
        first = Math.min(first, bucket);
        last = Math.max(last, bucket);
        while (last - first >= MAX_BUCKETS && width < WIDTHS_MS.length - 1) widen();
        bucket = Math.floor(at / bucketMs());
      }
      let cells = rows.get(platform);
      if (cells === undefined) {
        cells = new Map();
        rows.set(platform, cells);
      }
      const cell = cells.get(bucket);
      if (cell === undefined) cells.set(bucket, { ok: 0, failed: 0, untold: 0, [outcome]: count });
      else cell[outcome] += count;
    },
    result: () =>
      rows.size === 0
        ? undefined
        : {
            from: first * bucketMs(),
            bucketMs: bucketMs(),
            rows: PLATFORMS.flatMap((platform) => {
              const cells = rows.get(platform);
              return cells === undefined ? [] : [rowOf(platform, cells, first, last - first + 1)];
            }),
          },
  };
}

function rebinned(cells: ReadonlyMap<number, Cell>, before: number, after: number): Map<number, Cell> {
  const wider = new Map<number, Cell>();
  for (const [bucket, { ok, failed, untold }] of cells) {
    const key = Math.floor((bucket * before) / after);
    const cell = wider.get(key) ?? { ok: 0, failed: 0, untold: 0 };
    wider.set(key, { ok: cell.ok + ok, failed: cell.failed + failed, untold: cell.untold + untold });
  }
  return wider;
}

function rowOf(platform: Platform, cells: ReadonlyMap<number, Cell>, first: number, length: number): TimelineRow {
  const counts = (outcome: Outcome): readonly number[] => Array.from({ length }, (_, index) => cells.get(first + index)?.[outcome] ?? 0);
  return { platform, ok: counts('ok'), failed: counts('failed'), untold: counts('untold') };
}

/** Several timelines as one. */
export function mergedTimeline(timelines: readonly Timeline[]): Timeline | undefined {
  // Not finer than its parts, or it would have gaps that are none.
  const merged = createTimeline(Math.max(0, ...timelines.map(({ bucketMs }) => bucketMs)));
  for (const { from, bucketMs, rows } of timelines)
    for (const row of rows)
      for (const outcome of ['ok', 'failed', 'untold'] as const)
        for (const [index, count] of row[outcome].entries())
          if (count > 0) merged.add(row.platform, from + index * bucketMs, outcome, count);
  return merged.result();
}

export function countOf({ rows }: Timeline): number {
  return rows.reduce((sum, { ok, failed, untold }) => sum + [...ok, ...failed, ...untold].reduce((all, one) => all + one, 0), 0);
}

/**
 * The timelines that belong to the one with most requests: logs of another year, given together with it, would shrink all that matters
 * to one column. What is no farther from the others than they are long, or than a day, belongs to them.
 */
export function mainPeriod(timelines: readonly Timeline[]): readonly Timeline[] {
  const [main, ...others] = timelines.toSorted((a, b) => countOf(b) - countOf(a));
  if (main === undefined) return [];
  const chosen = [main];
  let { from, until } = spanOf(main);
  for (let grown = true; grown; ) {
    const near = others.findIndex((one) => {
      const span = spanOf(one);
      const room = Math.max(DAY_MS, until - from);
      return span.from <= until + room && span.until >= from - room;
    });
    grown = near !== -1;
    for (const one of grown ? others.splice(near, 1) : []) {
      chosen.push(one);
      from = Math.min(from, one.from);
      until = Math.max(until, spanOf(one).until);
    }
  }
  return chosen;
}

function spanOf({ from, bucketMs, rows }: Timeline): { readonly from: number; readonly until: number } {
  return { from, until: from + (rows[0]?.ok.length ?? 0) * bucketMs };
}
