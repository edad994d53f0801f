import { loggedTime } from './device-log-text.ts';

/** Reads the dates of one log, which one machine wrote in one locale. */
export interface LocalDates {
  /** Epoch ms, the time taken as UTC where no offset is given; undefined when it is no date, or when day and month cannot be told apart. */
  readonly read: (text: string) => number | undefined;
}

type Order = 'day-first' | 'month-first';

const ISO = /^(\d{4})[-/](\d{2})[-/](\d{2})[T ]{1,3}(\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)\s{0,3}(Z|[+-]\d{2}:?\d{2})?/;

/** Two numbers, a year, and a time with an optional half of the day; narrow no-break spaces come from newer versions of Windows. */
const LOCAL = /^(\d{1,2})([./-])\s?(\d{1,2})[./-]\s?(\d{4}),?\s{1,3}(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s{0,3}([AP])\.?\s?M\.?)?/i;

/**
 * Dots put the day first everywhere. With slashes and dashes a number above twelve tells, and once one date of a log has told, it holds for
 * the dates after it; until then an ambiguous date is no date, because a wrong month is worse than none.
 */
export function localDates(): LocalDates {
  let learned: Order | 'mixed' | undefined;
  return {
    read: (text) => {
      const head = text.slice(0, 80).trim();
      const iso = ISO.exec(head);
      if (iso !== null) return isoParts(iso);
      const local = LOCAL.exec(head);
      if (local === null) return undefined;
      const [, first = '', separator = '', second = '', year = '', hour = '', minute = '', seconds = '00', half] = local;
      const certain = separator === '.' ? 'day-first' : orderOf(Number(first), Number(second));
      if (certain !== undefined && separator !== '.') learned = learned === undefined || learned === certain ? certain : 'mixed';
      const order = certain ?? (learned === 'mixed' ? undefined : learned);
      if (order === undefined && first !== second) return undefined;
      const [day, month] = order === 'month-first' ? [second, first] : [first, second];
      const hours = hourOf(Number(hour), half);
      return loggedTime(`${year}-${twoDigits(month)}-${twoDigits(day)}`, `${twoDigits(String(hours))}:${minute}:${seconds}`);
    },
  };
}

function isoParts([, year = '', month = '', day = '', time = '', offset]: RegExpExecArray): number | undefined {
  return loggedTime(`${year}-${month}-${day}`, time.length < 8 && time.indexOf(':') === 1 ? `0${time}` : time, offset);
}

function orderOf(first: number, second: number): Order | undefined {
  if (first > 12) return 'day-first';
  return second > 12 ? 'month-first' : undefined;
}

function hourOf(hour: number, half: string | undefined): number {
  if (half === undefined) return hour;
  return (hour % 12) + (half.toUpperCase() === 'P' ? 12 : 0);
}

function twoDigits(number: string): string {
  return number.padStart(2, '0');
}
