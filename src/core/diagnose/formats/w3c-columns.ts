import { DAY_MS, parseIsoTime } from '../../time.ts';

/** More columns than any log has that an administrator chose the fields of. */
const MAX_COLUMNS = 96;

/** Where each column of a line starts. Reused from line to line. */
export interface Columns {
  readonly starts: Int32Array;
}

export function columnSpace(): Columns {
  return { starts: new Int32Array(MAX_COLUMNS + 1) };
}

/** Finds the columns, which single spaces divide; their number, or 0 when there are more than any log has. */
export function findColumns(text: string, { starts }: Columns): number {
  let from = 0;
  for (let count = 0; count < MAX_COLUMNS; ) {
    starts[count++] = from;
    const space = text.indexOf(' ', from);
    if (space < 0) {
      starts[count] = text.length + 1;
      return count;
    }
    from = space + 1;
  }
  return 0;
}

/** One column; empty for index -1, which stands for a field that this log does not have. */
export function column(text: string, { starts }: Columns, index: number): string {
  return index < 0 ? '' : text.slice(starts[index] ?? 0, (starts[index + 1] ?? 1) - 1);
}

/** A column of digits; undefined for anything else, `-` above all. */
export function numberColumn(text: string, { starts }: Columns, index: number): number | undefined {
  return index < 0 ? undefined : digitsAt(text, starts[index] ?? 0, (starts[index + 1] ?? 1) - 1);
}

/** Eleven digits are more than a status, a Windows code or a time in milliseconds takes. */
const MAX_DIGITS = 11;

/** The number that `text` has from `start` to before `end`; undefined when that is anything but a few digits. */
export function digitsAt(text: string, start: number, end: number): number | undefined {
  if (end <= start || end - start > MAX_DIGITS) return undefined;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** The names behind `#Fields:`, in lower case; undefined when the line is none of that kind. */
export function fieldNames(text: string): readonly string[] | undefined {
  if (!/^#Fields:/i.test(text)) return undefined;
  return text
    .slice('#Fields:'.length, 10_000)
    .trim()
    .toLowerCase()
    .split(/[ \t]+/, MAX_COLUMNS);
}

/** Turns what a log writes in UTC into epoch ms. */
export interface LogClock {
  /** `2026-11-24`, `20:22:16`, or with fractions of a second. The date may be empty where the log has none. */
  readonly instant: (date: string, time: string) => number | undefined;
  /** What `#Date:` says: the day from which a log that only has times counts on. */
  readonly startsAt: (text: string) => void;
}

/** A time that much earlier than the one before it belongs to the next day; less is only one request finished before another. */
const MIDNIGHT_MS = DAY_MS / 2;

/** Remembers the last date, because thousands of lines in a row have the same. */
export function logClock(): LogClock {
  let knownDate = '';
  let knownDay: number | undefined;
  let running: number | undefined;
  const dayOf = (date: string): number | undefined => {
    if (date === knownDate) return knownDay;
    knownDate = date;
    knownDay = parseIsoTime(`${date}T00:00:00Z`);
    return knownDay;
  };
  const onRunningDay = (timeMs: number): number | undefined => {
    if (running === undefined) return undefined;
    const day = running - (((running % DAY_MS) + DAY_MS) % DAY_MS);
    running = day + timeMs < running - MIDNIGHT_MS ? day + DAY_MS + timeMs : day + timeMs;
    return running;
  };
  return {
    instant: (date, time) => {
      const timeMs = timeOfDay(time);
      if (timeMs === undefined) return undefined;
      if (date === '') return onRunningDay(timeMs);
      // Whatever a paste or grep put in front of the date.
      const day = dayOf(date.length === 10 ? date : date.slice(-10));
      return day === undefined ? undefined : day + timeMs;
    },
    startsAt: (text) => {
      const [, date, time] = /(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})/.exec(text.slice(0, 100)) ?? [];
      if (date !== undefined && time !== undefined) running = parseIsoTime(`${date}T${time}Z`);
    },
  };
}

/** Milliseconds since midnight of `20:22:16` or `20:22:16.5`. */
function timeOfDay(text: string): number | undefined {
  if (text.charCodeAt(2) !== 58 || text.charCodeAt(5) !== 58) return undefined;
  const hours = digitsAt(text, 0, 2);
  const minutes = digitsAt(text, 3, 5);
  const seconds = digitsAt(text, 6, 8);
  if (hours === undefined || minutes === undefined || seconds === undefined || hours > 23 || minutes > 59 || seconds > 60) return undefined;
  const wholeMs = ((hours * 60 + minutes) * 60 + seconds) * 1_000;
  if (text.length === 8) return wholeMs;
  const fraction = digitsAt(text, 9, Math.min(text.length, 12));
  return text.charCodeAt(8) === 46 && fraction !== undefined ? wholeMs + fraction * 10 ** (12 - Math.min(text.length, 12)) : undefined;
}
