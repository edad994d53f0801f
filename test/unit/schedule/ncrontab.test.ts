import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isMoreOftenThanEveryMinute,
  longestGapMs,
  nextOccurrence,
  parseSchedule,
  type Schedule,
} from '../../../src/core/schedule/ncrontab.ts';
import { calendarDay, DAY_MS, isoTime } from '../../../src/core/time.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

function schedule(text: string): Schedule {
  const parsed = parseSchedule(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.schedule;
}

function problem(text: string): string {
  const parsed = parseSchedule(text);
  return parsed.ok ? 'none' : parsed.problem;
}

/** The next times in ISO 8601, without milliseconds. */
function nextTimes(text: string, from: string, count: number): readonly (string | undefined)[] {
  const times: (string | undefined)[] = [];
  let after: number | undefined = Date.parse(from);
  for (let i = 0; i < count && after !== undefined; i++) {
    after = nextOccurrence(schedule(text), after);
    times.push(after === undefined ? undefined : isoTime(after).replace('.000Z', 'Z'));
  }
  return times;
}

describe('a schedule', () => {
  // 24 November 2026 is a Tuesday.
  it.each([
    ['0 */5 * * * *', '2026-11-24T10:03:20Z', ['2026-11-24T10:05:00Z', '2026-11-24T10:10:00Z']],
    [
      '0 5/15 * * * *',
      '2026-11-24T10:00:00Z',
      ['2026-11-24T10:05:00Z', '2026-11-24T10:20:00Z', '2026-11-24T10:35:00Z', '2026-11-24T10:50:00Z', '2026-11-24T11:05:00Z'],
    ],
    ['*/5 * * * *', '2026-11-24T10:03:20Z', ['2026-11-24T10:05:00Z', '2026-11-24T10:10:00Z']],
    ['* * * * * *', '2026-11-24T10:03:20.500Z', ['2026-11-24T10:03:21Z', '2026-11-24T10:03:22Z']],
    ['58/1 59 23 31 12 *', '2026-11-24T00:00:00Z', ['2026-12-31T23:59:58Z', '2026-12-31T23:59:59Z', '2027-12-31T23:59:58Z']],
    ['0 0 0 13 * 5', '2026-11-24T00:00:00Z', ['2027-08-13T00:00:00Z', '2028-10-13T00:00:00Z']],
    ['0 0 0 13 * FRI', '2026-11-13T00:00:00Z', ['2027-08-13T00:00:00Z']],
    ['0 0 0 29 2 *', '2026-11-24T00:00:00Z', ['2028-02-29T00:00:00Z', '2032-02-29T00:00:00Z']],
    ['0 0 0 29 2 *', '2096-02-29T00:00:00Z', ['2104-02-29T00:00:00Z']],
    ['0 0 0 1 1 *', '2026-12-31T23:59:59.999Z', ['2027-01-01T00:00:00Z', '2028-01-01T00:00:00Z']],
    ['0 0 0 31 * *', '2026-11-24T00:00:00Z', ['2026-12-31T00:00:00Z', '2027-01-31T00:00:00Z', '2027-03-31T00:00:00Z']],
    ['0 30 9 * * 1-5', '2026-11-27T09:30:00Z', ['2026-11-30T09:30:00Z', '2026-12-01T09:30:00Z']],
    ['0 30 9 * * mon-Fri', '2026-11-27T09:30:00Z', ['2026-11-30T09:30:00Z']],
    ['0 0 0 * * 0', '2026-11-24T00:00:00Z', ['2026-11-29T00:00:00Z']],
    ['0 0 0 * * Su,t', '2026-11-24T00:00:00Z', ['2026-11-29T00:00:00Z', '2026-12-01T00:00:00Z']],
    ['0 0 0 1 j *', '2026-11-24T00:00:00Z', ['2027-01-01T00:00:00Z', '2028-01-01T00:00:00Z']],
    ['0 0 0 1 Feb/5 *', '2026-11-24T00:00:00Z', ['2026-12-01T00:00:00Z', '2027-02-01T00:00:00Z', '2027-07-01T00:00:00Z']],
    [
      '0 0 8-18/5,7 * * *',
      '2026-11-24T00:00:00Z',
      ['2026-11-24T07:00:00Z', '2026-11-24T08:00:00Z', '2026-11-24T13:00:00Z', '2026-11-24T18:00:00Z', '2026-11-25T07:00:00Z'],
    ],
    ['  0  05 * * * *  ', '2026-11-24T00:00:00Z', ['2026-11-24T00:05:00Z']],
    ['0 0 0 30 2 *', '2026-11-24T00:00:00Z', [undefined]],
    ['00:05:00', '2026-11-24T10:03:20Z', ['2026-11-24T10:08:20Z', '2026-11-24T10:13:20Z']],
    ['1.12:00:00', '2026-11-24T10:00:00Z', ['2026-11-25T22:00:00Z']],
  ])('%j after %s comes at %j', (text, from, times) => {
    expect(nextTimes(text, from, times.length)).toEqual(times);
  });

  it('is strictly after the time given, to the millisecond', () => {
    const noon = Date.parse('2026-11-24T12:00:00Z');
    expect(nextOccurrence(schedule('0 0 12 * * *'), noon - 1)).toBe(noon);
    expect(nextOccurrence(schedule('0 0 12 * * *'), noon)).toBe(noon + DAY_MS);
  });

  it('never comes after a time that no calendar has', () => {
    expect(nextOccurrence(schedule('* * * * * *'), 8.64e15 + DAY_MS)).toBeUndefined();
    expect(nextOccurrence(schedule('* * * * * *'), Number.NaN)).toBeUndefined();
  });

  it('knows the days before 1970', () => {
    expect(nextTimes('0 0 0 * * 4', '1969-12-31T23:59:59.999Z', 1)).toEqual(['1970-01-01T00:00:00Z']);
    expect(nextTimes('30 0 0 * * *', '1969-12-31T00:00:00Z', 1)).toEqual(['1969-12-31T00:00:30Z']);
  });
});

describe('a wrong schedule', () => {
  it.each([
    ['', 'a schedule has six fields, "second minute hour day month weekday", or is a period "hh:mm:ss"; this one is empty'],
    ['* * *', 'a schedule has six fields, "second minute hour day month weekday", or is a period "hh:mm:ss"; this one has 3: "* * *"'],
    [
      '0 0 0 * * * 2026',
      'a schedule has six fields, "second minute hour day month weekday", or is a period "hh:mm:ss"; this one has 7: "0 0 0 * * * 2026"',
    ],
    ['0 0 0 * * 7', 'weekday: 7 is not in 0 to 6; Sunday is 0'],
    ['60 * * * * *', 'second: 60 is not in 0 to 59'],
    ['0 0 24 * * *', 'hour: 24 is not in 0 to 23'],
    ['0 0 0 0 * *', 'day: 0 is not in 1 to 31'],
    ['0 0 0 * 13 *', 'month: 13 is not in 1 to 12'],
    ['0 90/5 * * * *', 'minute: 90 is not in 0 to 59'],
    ['0 0 0 ? * *', 'day: "?" is no value of NCRONTAB, although other kinds of cron have it; write 1 to 31 or *'],
    ['0 0 0 L * *', 'day: "L" is no value of NCRONTAB, although other kinds of cron have it; write 1 to 31 or *'],
    ['0 0 0 15W * *', 'day: "15W" is no value of NCRONTAB, although other kinds of cron have it; write 1 to 31 or *'],
    ['0 0 0 * * MON#2', 'weekday: "MON#2" is no value of NCRONTAB, although other kinds of cron have it; write 0 to 6, a name or *'],
    ['0 0 0 * * Mondays', 'weekday: "Mondays" is no value; write 0 to 6, a name or *'],
    ['0 0 0 MON * *', 'day: "MON" is no value; write 1 to 31 or *'],
    ['0 1,,2 * * * *', 'minute: a value is missing; write 0 to 59 or *'],
    ['0 ,1 * * * *', 'minute: a value is missing; write 0 to 59 or *'],
    ['0 5- * * * *', 'minute: a value is missing; write 0 to 59 or *'],
    ['0 -5 * * * *', 'minute: "-5" is no value; write 0 to 59 or *'],
    ['0 1-2-3 * * * *', 'minute: "2-3" is no value; write 0 to 59 or *'],
    ['0 *-5 * * * *', 'minute: "*" is no value; write 0 to 59 or *'],
    ['0 */0 * * * *', 'minute: the step after / is a whole number from 1 on, not "0"'],
    ['0 */5/2 * * * *', 'minute: the step after / is a whole number from 1 on, not "5/2"'],
    ['0 / * * * *', 'minute: the step after / is a whole number from 1 on, not ""'],
    ['0 0 22-6 * * *', 'hour: 22-6 runs backwards, and the trigger would take it as 6-22; to go over the end write 22-23,0-6'],
    ['0 */5 *\t* * *', 'a schedule has only plain spaces between its fields; this one has tabs or other white space'],
    ['00:00:00', 'a period of 00:00:00 never ends; the shortest is 00:00:01'],
    ['24:00:00', 'hour: a period has 0 to 23 of them, not 24 (which the trigger takes as days); a day is 1.00:00:00'],
    ['00:60:00', 'minute: a period has 0 to 59 of them, not 60'],
    ['00:00:61', 'second: a period has 0 to 59 of them, not 61'],
    ['-00:05:00', '"-00:05:00" is not a period; write it as hh:mm:ss or d.hh:mm:ss'],
    ['%SCHEDULE:A%', '"%SCHEDULE:A%" is not a period; write it as hh:mm:ss or d.hh:mm:ss'],
    ['*'.repeat(501), 'a schedule of 501 characters is too long; 500 are allowed'],
  ])('%j is told: %s', (text, told) => {
    expect(problem(text)).toBe(told);
  });

  it('is a problem and never an exception', () => {
    const piece = fc.constantFrom(
      '*',
      '/',
      '-',
      ',',
      '?',
      'L',
      '#',
      ' ',
      '5',
      '0',
      '99',
      'MON',
      'j',
      ':',
      '.',
      '\t',
      '\u0000',
      '\ud800',
      '٣',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        const parsed = parseSchedule(pieces.join(''));
        if (!parsed.ok) expect(parsed.problem).toMatch(/^\S.*\S$/);
        else expect(nextOccurrence(parsed.schedule, 0) ?? 1).toBeGreaterThan(0);
      }),
      { numRuns: 2000 },
    );
  });
});

/** A field as text, and what it means, each made independently of the code under test. */
function field(min: number, max: number): fc.Arbitrary<{ readonly text: string; readonly has: (value: number) => boolean }> {
  const value = fc.integer({ min, max });
  const step = fc.integer({ min: 1, max: max + 2 });
  const part = fc.oneof(
    fc.constant({ text: '*', has: () => true }),
    step.map((n) => ({ text: `*/${n}`, has: (at: number) => (at - min) % n === 0 })),
    value.map((one) => ({ text: `${one}`, has: (at: number) => at === one })),
    fc.tuple(value, step).map(([one, n]) => ({ text: `${one}/${n}`, has: (at: number) => at >= one && (at - one) % n === 0 })),
    fc.tuple(value, value).map(([a, b]) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      return { text: `${from}-${to}`, has: (at: number) => at >= from && at <= to };
    }),
  );
  return fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => ({
    text: parts.map(({ text }) => text).join(','),
    has: (at: number) => parts.some(({ has }) => has(at)),
  }));
}

const instants = fc.integer({ min: Date.parse('2023-12-20T00:00:00Z'), max: Date.parse('2028-03-05T00:00:00Z') });

describe('against a clock that is stepped', () => {
  it('the next time is the first second that matches', () => {
    fc.assert(
      fc.property(field(0, 59), field(0, 59), field(0, 23), instants, (seconds, minutes, hours, after) => {
        const inMinute = (at: number): boolean => minutes.has(Math.floor(at / MINUTE_MS) % 60) && hours.has(Math.floor(at / HOUR_MS) % 24);
        let expected = Math.floor(after / 1000) * 1000 + 1000;
        while (!inMinute(expected) || !seconds.has(Math.floor(expected / 1000) % 60))
          expected += inMinute(expected) ? 1000 : MINUTE_MS - (expected % MINUTE_MS);
        expect(nextOccurrence(schedule(`${seconds.text} ${minutes.text} ${hours.text} * * *`), after)).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('the next day is the first that matches in all three fields', () => {
    fc.assert(
      fc.property(field(1, 31), field(1, 12), field(0, 6), instants, (days, months, weekdays, after) => {
        const matches = (at: number): boolean => {
          const { day, month, weekday } = calendarDay(at);
          return days.has(day) && months.has(month) && weekdays.has(weekday);
        };
        let expected: number | undefined = Math.floor(after / DAY_MS) * DAY_MS + DAY_MS;
        const end = expected + 3659 * DAY_MS;
        while (expected <= end && !matches(expected)) expected += DAY_MS;
        if (expected > end) expected = undefined;
        expect(nextOccurrence(schedule(`0 0 0 ${days.text} ${months.text} ${weekdays.text}`), after)).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('the longest gap is the longest between times of the coming days', () => {
    fc.assert(
      fc.property(field(0, 59), field(0, 59), field(0, 23), field(0, 6), instants, (seconds, minutes, hours, weekdays, at) => {
        const from = Math.floor(at / DAY_MS) * DAY_MS - 1;
        const timer = schedule(`${seconds.text} ${minutes.text} ${hours.text} * * ${weekdays.text}`);
        const end = from + 9 * DAY_MS;
        let longest = 0;
        let last = nextOccurrence(timer, from);
        const start = last ?? 0;
        for (let steps = 0; last !== undefined && last < Math.min(end, start + 7 * DAY_MS); steps++) {
          // Every second of every day: too many to walk, and the answer is known.
          if (steps > 20_000) return;
          const next = nextOccurrence(timer, last);
          if (next !== undefined) longest = Math.max(longest, next - last);
          last = next;
        }
        expect(longestGapMs(timer, from)).toBe(longest);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the longest gap', () => {
  const from = Date.parse('2026-11-24T10:03:20Z');
  it.each([
    ['0 */5 * * * *', 5 * MINUTE_MS],
    ['0 5/15 * * * *', 15 * MINUTE_MS],
    ['*/7 * * * * *', 7_000],
    ['0 0,50 * * * *', 50 * MINUTE_MS],
    ['0 */5 8-17 * * *', 14 * HOUR_MS + 5 * MINUTE_MS],
    ['0 */5 8-17 * * MON-FRI', 2 * DAY_MS + 14 * HOUR_MS + 5 * MINUTE_MS],
    ['0 0 6 * * *', DAY_MS],
    ['0 0 6 1 * *', 31 * DAY_MS],
    ['0 0 0 29 2 *', 1461 * DAY_MS],
    ['0 0 0 29 2 2', Number.POSITIVE_INFINITY],
    ['0 0 0 30 2 *', Number.POSITIVE_INFINITY],
    ['00:05:00', 5 * MINUTE_MS],
  ])('of %j is %d ms', (text, gap) => {
    expect(longestGapMs(schedule(text), from)).toBe(gap);
  });
});

describe('the status of a timer', () => {
  it.each(['* * * * * *', '*/5 * * * * *', '  */5    * *      * * *', '10,20,45 * * * * *', '00:00:59'])('is not kept for %j', (text) => {
    expect(isMoreOftenThanEveryMinute(schedule(text))).toBe(true);
  });

  it.each([
    '0 */5 * * * *',
    '0 30 * * * *',
    '* 30 * * * *',
    '0 * * * * *',
    '30 * * * * *',
    '* 1-5 * * * *',
    '* */20 * * * *',
    '* * 12 * * Mon',
    '* 59 11 * * 1,2,3,4,5',
    '* * * * *',
    '00:01:00',
  ])('is kept for %j', (text) => {
    expect(isMoreOftenThanEveryMinute(schedule(text))).toBe(false);
  });
});
