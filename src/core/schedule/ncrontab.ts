import { printable } from '../text/printable.ts';
import { calendarDay, DAY_MS } from '../time.ts';

/** When a timer fires, in UTC: as the timer trigger of Azure Functions understands its `schedule`. */
export type Schedule =
  /** Ascending, without repetitions. A day counts when day of the month, month and weekday all match. */
  | {
      readonly kind: 'calendar';
      readonly seconds: readonly number[];
      readonly minutes: readonly number[];
      readonly hours: readonly number[];
      readonly days: readonly number[];
      readonly months: readonly number[];
      readonly weekdays: readonly number[];
    }
  /** So long after the last time. */
  | { readonly kind: 'period'; readonly periodMs: number };

export type ParsedSchedule =
  | { readonly ok: true; readonly schedule: Schedule }
  /** One sentence that names the field and says what would be right. */
  | { readonly ok: false; readonly problem: string };

type CalendarSchedule = Extract<Schedule, { readonly kind: 'calendar' }>;

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Where names may stand for numbers: the first belongs to `min`. */
  readonly names?: readonly string[];
}

const SECONDS: Field = { name: 'second', min: 0, max: 59 };
const MINUTES: Field = { name: 'minute', min: 0, max: 59 };
const HOURS: Field = { name: 'hour', min: 0, max: 23 };
const DAYS: Field = { name: 'day', min: 1, max: 31 };
const MONTHS: Field = {
  name: 'month',
  min: 1,
  max: 12,
  names: ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'],
};
const WEEKDAYS: Field = {
  name: 'weekday',
  min: 0,
  max: 6,
  names: ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'],
};

const MAX_TEXT = 500;
const SECOND_MS = 1000;
const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 3600;
/** Ten years: past this, a schedule such as 30 February counts as one that never comes. */
const SEARCH_DAYS = 3660;
const GAP_DAYS = 7;

/** A part of an expression that is wrong; does not leave this file. */
class FieldProblem extends Error {}

/**
 * Reads what stands in `schedule` of a timer trigger: six fields, five without seconds, or a period `hh:mm:ss`.
 * What the trigger would silently read as something else (ends of a range the wrong way round, a step of 0, 24 hours as 24 days) is a problem here.
 */
export function parseSchedule(text: string): ParsedSchedule {
  try {
    return { ok: true, schedule: readSchedule(text) };
  } catch (error) {
    if (error instanceof FieldProblem) return { ok: false, problem: error.message };
    throw error;
  }
}

function readSchedule(text: string): Schedule {
  if (text.length > MAX_TEXT) throw new FieldProblem(`a schedule of ${text.length} characters is too long; ${MAX_TEXT} are allowed`);
  // The library behind the trigger splits at spaces only, and then does not understand the rest.
  if (/[^\S ]/.test(text))
    throw new FieldProblem('a schedule has only plain spaces between its fields; this one has tabs or other white space');
  const parts = text.split(' ').filter((part) => part !== '');
  const [only = ''] = parts;
  if (parts.length === 1 && only.includes(':')) return { kind: 'period', periodMs: periodOf(only) };
  if (parts.length !== 6 && parts.length !== 5) {
    const found = parts.length === 0 ? 'is empty' : `has ${parts.length}: "${printable(text, 80)}"`;
    throw new FieldProblem(
      `a schedule has six fields, "second minute hour day month weekday", or is a period "hh:mm:ss"; this one ${found}`,
    );
  }
  const [seconds = '', minutes = '', hours = '', days = '', months = '', weekdays = ''] = parts.length === 5 ? ['0', ...parts] : parts;
  return {
    kind: 'calendar',
    seconds: valuesOf(seconds, SECONDS),
    minutes: valuesOf(minutes, MINUTES),
    hours: valuesOf(hours, HOURS),
    days: valuesOf(days, DAYS),
    months: valuesOf(months, MONTHS),
    weekdays: valuesOf(weekdays, WEEKDAYS),
  };
}

function periodOf(text: string): number {
  const match = /^(?:(\d{1,4})\.)?(\d{1,2}):(\d{1,2}):(\d{1,2})$/.exec(text);
  if (match === null) throw new FieldProblem(`"${printable(text, 40)}" is not a period; write it as hh:mm:ss or d.hh:mm:ss`);
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  if (hours > 23)
    throw new FieldProblem(`hour: a period has 0 to 23 of them, not ${hours} (which the trigger takes as days); a day is 1.00:00:00`);
  if (minutes > 59) throw new FieldProblem(`minute: a period has 0 to 59 of them, not ${minutes}`);
  if (seconds > 59) throw new FieldProblem(`second: a period has 0 to 59 of them, not ${seconds}`);
  const periodMs = days * DAY_MS + (hours * HOUR_SECONDS + minutes * MINUTE_SECONDS + seconds) * SECOND_MS;
  if (periodMs === 0) throw new FieldProblem('a period of 00:00:00 never ends; the shortest is 00:00:01');
  return periodMs;
}

function valuesOf(text: string, field: Field): readonly number[] {
  const values = new Set(text.split(',').flatMap((part) => partValues(part, field)));
  return [...values].toSorted((one, other) => one - other);
}

/** One part of a list: a value, `*` or a range `a-b`, each perhaps with `/step`. */
function partValues(part: string, field: Field): readonly number[] {
  const slash = part.indexOf('/');
  const base = slash < 0 ? part : part.slice(0, slash);
  const step = slash < 0 ? 1 : stepOf(part.slice(slash + 1), field);
  const [from, to] = rangeOf(base, slash >= 0, field);
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
}

function rangeOf(base: string, stepped: boolean, field: Field): readonly [number, number] {
  if (base === '*') return [field.min, field.max];
  const dash = base.indexOf('-');
  // A negative number is no range with an empty start.
  if (dash <= 0) {
    const value = oneValue(base, field);
    return [value, stepped ? field.max : value];
  }
  const from = oneValue(base.slice(0, dash), field);
  const to = oneValue(base.slice(dash + 1), field);
  if (from > to)
    throw new FieldProblem(
      `${field.name}: ${printable(base, 40)} runs backwards, and the trigger would take it as ${to}-${from}; ` +
        `to go over the end write ${from}-${field.max},${field.min}-${to}`,
    );
  return [from, to];
}

function stepOf(text: string, { name }: Field): number {
  if (!/^\d{1,4}$/.test(text) || Number(text) < 1)
    throw new FieldProblem(`${name}: the step after / is a whole number from 1 on, not "${printable(text, 40)}"`);
  return Number(text);
}

function oneValue(text: string, field: Field): number {
  const { name, min, max, names = [] } = field;
  if (/^\d{1,9}$/.test(text)) {
    const value = Number(text);
    if (value >= min && value <= max) return value;
    const sunday = field === WEEKDAYS && value === 7 ? '; Sunday is 0' : '';
    throw new FieldProblem(`${name}: ${value} is not in ${min} to ${max}${sunday}`);
  }
  // Any beginning will do, in the order of the calendar: T is Tuesday.
  const index = text === '' ? -1 : names.findIndex((one) => one.toLowerCase().startsWith(text.toLowerCase()));
  if (index >= 0) return min + index;
  throw new FieldProblem(`${name}: ${wrongValue(text)}; write ${min} to ${max}${names.length > 0 ? ', a name' : ''} or *`);
}

function wrongValue(text: string): string {
  if (text === '') return 'a value is missing';
  const foreign = /^(?:\?|L|W|LW|\d+[LW]|\w+#\d)$/i.test(text) ? ' of NCRONTAB, although other kinds of cron have it' : '';
  return `"${printable(text, 40)}" is no value${foreign}`;
}

/** Epoch milliseconds of the first time strictly after `after`; undefined when there is none within ten years, as for 30 February. */
export function nextOccurrence(schedule: Schedule, after: number): number | undefined {
  if (schedule.kind === 'period') return after + schedule.periodMs;
  const firstSecond = Math.floor(after / SECOND_MS) + 1;
  const firstDay = Math.floor((firstSecond * SECOND_MS) / DAY_MS);
  const today = hasDay(schedule, firstDay) ? secondOfDay(schedule, firstSecond - (firstDay * DAY_MS) / SECOND_MS) : undefined;
  if (today !== undefined) return firstDay * DAY_MS + today * SECOND_MS;
  const day = nextDay(schedule, firstDay);
  return day === undefined ? undefined : day * DAY_MS + (secondOfDay(schedule, 0) ?? 0) * SECOND_MS;
}

function hasDay({ days, months, weekdays }: CalendarSchedule, epochDay: number): boolean {
  const { day, month, weekday } = calendarDay(epochDay * DAY_MS);
  return days.includes(day) && months.includes(month) && weekdays.includes(weekday);
}

function nextDay(schedule: CalendarSchedule, after: number): number | undefined {
  for (let day = after + 1; day <= after + SEARCH_DAYS; day++) if (hasDay(schedule, day)) return day;
  return undefined;
}

/** The first time of a day at or after `from`, in seconds after midnight. */
function secondOfDay({ hours, minutes, seconds }: CalendarSchedule, from: number): number | undefined {
  for (const hour of hours) {
    if ((hour + 1) * HOUR_SECONDS <= from) continue;
    for (const minute of minutes) {
      const start = hour * HOUR_SECONDS + minute * MINUTE_SECONDS;
      const second = seconds.find((one) => start + one >= from);
      if (second !== undefined) return start + second;
    }
  }
  return undefined;
}

/**
 * Milliseconds of the longest pause between two times: of all that begin in the seven days from the day of the next time on,
 * so that nights and weekends count, and at least of one. Infinity when there are no two more times within ten years.
 */
export function longestGapMs(schedule: Schedule, from: number): number {
  if (schedule.kind === 'period') return schedule.periodMs;
  const first = nextOccurrence(schedule, from);
  if (first === undefined) return Number.POSITIVE_INFINITY;
  const { withinDay, overMidnight } = gapsInSeconds(schedule);
  const lastDay = Math.floor(first / DAY_MS) + GAP_DAYS;
  let longestMs = withinDay * SECOND_MS;
  let day = Math.floor(first / DAY_MS);
  while (day < lastDay) {
    const next = nextDay(schedule, day);
    // The last day that will ever come, for instance 29 February of the only leap year in reach.
    if (next === undefined) return longestMs > 0 ? longestMs : Number.POSITIVE_INFINITY;
    longestMs = Math.max(longestMs, (next - day - 1) * DAY_MS + overMidnight * SECOND_MS);
    day = next;
  }
  return longestMs;
}

/** The longest pause inside one day (0 when it has one time only), and the one from the last time of a day to the first of the day after. */
function gapsInSeconds({ hours, minutes, seconds }: CalendarSchedule): { readonly withinDay: number; readonly overMidnight: number } {
  const inMinute = span(seconds);
  const inHour = span(minutes.map((minute) => minute * MINUTE_SECONDS));
  const inDay = span(hours.map((hour) => hour * HOUR_SECONDS));
  const overMinute = inHour.step > 0 ? inHour.step - inMinute.length : 0;
  const overHour = inDay.step > 0 ? inDay.step - inHour.length - inMinute.length : 0;
  return {
    withinDay: Math.max(inMinute.step, overMinute, overHour),
    overMidnight: DAY_MS / SECOND_MS - inDay.length - inHour.length - inMinute.length,
  };
}

/** From the first to the last of ascending values, and the longest step between neighbours. */
function span(values: readonly number[]): { readonly length: number; readonly step: number } {
  const steps = values.slice(1).map((value, index) => value - (values[index] ?? value));
  return { length: (values.at(-1) ?? 0) - (values[0] ?? 0), step: Math.max(0, ...steps) };
}

/**
 * Whether it may fire twice within a minute all day long. The trigger keeps no status for such a timer, so it misses none either:
 * a second field with several values counts only when all other fields are `*`.
 */
export function isMoreOftenThanEveryMinute(schedule: Schedule): boolean {
  if (schedule.kind === 'period') return schedule.periodMs < MINUTE_SECONDS * SECOND_MS;
  const { seconds, minutes, hours, days, months, weekdays } = schedule;
  const unrestricted = (values: readonly number[], { min, max }: Field): boolean => values.length === max - min + 1;
  return (
    seconds.length > 1 &&
    unrestricted(minutes, MINUTES) &&
    unrestricted(hours, HOURS) &&
    unrestricted(days, DAYS) &&
    unrestricted(months, MONTHS) &&
    unrestricted(weekdays, WEEKDAYS)
  );
}
