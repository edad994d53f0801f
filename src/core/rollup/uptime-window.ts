import { DAY_MS } from '../time.ts';
import { CONDITIONS_OVER_TIME, HOUR_MS, startOfKey } from './rollup.ts';
import type { Slice } from './slice.ts';

/** The spans that people compare; hours make up the first, days of the calendar (UTC, today included) the others. */
export const UPTIME_WINDOWS = ['24h', '7d', '30d', '90d'] as const;

export type UptimeWindow = (typeof UPTIME_WINDOWS)[number];

export interface UptimeOver {
  readonly window: UptimeWindow;
  /** Share of the judged time outside maintenance in which enrolment worked, 0 to 1; absent when there is none. */
  readonly ratio?: number;
  readonly downSeconds: number;
  /** How much of the window is known: judged, or in maintenance. */
  readonly knownSeconds: number;
  /** From the start of the window's first hour or day until now. */
  readonly windowSeconds: number;
}

const LENGTHS: Readonly<Record<UptimeWindow, { readonly spanMs: number; readonly spans: number }>> = {
  '24h': { spanMs: HOUR_MS, spans: 24 },
  '7d': { spanMs: DAY_MS, spans: 7 },
  '30d': { spanMs: DAY_MS, spans: 30 },
  '90d': { spanMs: DAY_MS, spans: 90 },
};

/** How available a target has been, and how much of that is known. `now` in epoch ms. */
export function uptimeOver(
  { hours, days }: { readonly hours: readonly Slice[]; readonly days: readonly Slice[] },
  window: UptimeWindow,
  now: number,
): UptimeOver {
  const { spanMs, spans } = LENGTHS[window];
  const start = (Math.floor(now / spanMs) - spans + 1) * spanMs;
  const slices = spanMs === HOUR_MS ? hours : days;
  const sums = new Map(CONDITIONS_OVER_TIME.map((condition) => [condition, 0]));
  for (const { key, seconds } of slices) {
    const at = startOfKey(key);
    if (at < start || at > now) continue;
    for (const [index, condition] of CONDITIONS_OVER_TIME.entries())
      sums.set(condition, (sums.get(condition) ?? 0) + (seconds[index] ?? 0));
  }
  const [up = 0, degraded = 0, down = 0, , maintenance = 0] = [...sums.values()];
  const judged = up + degraded + down;
  return {
    window,
    ...(judged > 0 && { ratio: (up + degraded) / judged }),
    downSeconds: down,
    knownSeconds: judged + maintenance,
    windowSeconds: Math.floor((now - start) / 1_000),
  };
}
