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

/** A day of the calendar, in UTC. */
export interface CalendarDay {
  /** 1 to 31. */
  readonly day: number;
  /** 1 to 12. */
  readonly month: number;
  /** 0 is Sunday, 6 Saturday. */
  readonly weekday: number;
}

/** The day that an instant belongs to, in UTC; all NaN for an instant that no calendar has. */
export function calendarDay(epochMs: number): CalendarDay {
  const date = new Date(epochMs);
  return { day: date.getUTCDate(), month: date.getUTCMonth() + 1, weekday: date.getUTCDay() };
}

/** A day on the calendar of some time zone. */
export interface LocalDay extends CalendarDay {
  readonly year: number;
}

/** What the calendar of an IANA time zone shows at `epochMs`. Throws RangeError when there is no such zone. */
export function localDay(epochMs: number, timeZone: string): LocalDay {
  const shifted = epochMs + offsetMs(epochMs, timeZone);
  return { year: new Date(shifted).getUTCFullYear(), ...calendarDay(shifted) };
}

/** The day so many days later on the calendar, or earlier when negative. */
export function laterDay({ year, month, day }: LocalDay, days: number): LocalDay {
  const shifted = Date.UTC(year, month - 1, day + days);
  return { year: new Date(shifted).getUTCFullYear(), ...calendarDay(shifted) };
}

/**
 * Epoch milliseconds at which clocks in `timeZone` show `minuteOfDay` on `day`. A time that the clocks leave out is taken
 * as much later as they jump; of one that they show twice, the first is meant.
 */
export function zonedTime({ year, month, day }: LocalDay, minuteOfDay: number, timeZone: string): number {
  const wall = Date.UTC(year, month - 1, day) + minuteOfDay * 60_000;
  const before = wall - offsetMs(wall - DAY_MS, timeZone);
  const after = wall - offsetMs(wall + DAY_MS, timeZone);
  if (before === after) return before;
  // The clocks change nearby: the one that is consistent with itself, the earlier first.
  const fits = [before, after].filter((at) => at + offsetMs(at, timeZone) === wall);
  return fits.length > 0 ? Math.min(...fits) : before;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far the clocks of a zone are ahead of UTC. */
function offsetMs(epochMs: number, timeZone: string): number {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB-u-ca-iso8601-hc-h23', {
      timeZone,
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timeZone, format);
  }
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of format.formatToParts(epochMs)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(epochMs / 1_000) * 1_000;
}

/** True for the name of a time zone that this machine knows. */
export function isTimeZone(name: string): boolean {
  try {
    offsetMs(0, name);
    return true;
  } catch {
    return false;
  }
}

const ISO_TIME = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Epoch milliseconds of an ISO 8601 time with an offset or Z, or undefined: without one it would mean something else on every machine, and 30 February nothing. */
export function parseIsoTime(text: string): number | undefined {
  const [, year, month, day, hour, minute, second = '0'] = ISO_TIME.exec(text) ?? [];
  const parsed = Date.parse(text);
  if (Number.isNaN(parsed) || year === undefined) return undefined;
  const calendar = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const isRealDay = calendar.getUTCMonth() === Number(month) - 1 && calendar.getUTCDate() === Number(day);
  return isRealDay && Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60 ? parsed : undefined;
}
