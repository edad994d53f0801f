/** The only core file that may touch Date: conversions of its argument, never the current time. */

export const DAY_MS = 86_400_000;

/** ISO 8601 in UTC with milliseconds. */
export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** `2026-11-24`, in UTC. */
export function isoDay(epochMs: number): string {
  return isoTime(epochMs).slice(0, 10);
}

/** Whole days from `now` until `then`, rounded down: 0 on the last day, negative once it has passed. */
export function daysUntil(then: number, now: number): number {
  return Math.floor((then - now) / DAY_MS);
}

/** Epoch milliseconds of an HTTP date, or undefined when it is not one. */
export function parseHttpDate(text: string): number | undefined {
  const parsed = Date.parse(text);
  return Number.isNaN(parsed) ? undefined : parsed;
}
