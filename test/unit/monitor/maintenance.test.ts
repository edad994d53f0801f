import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type MaintenanceWindow,
  maintenanceAt,
  occurrences,
  type RecurringWindow,
  WEEKDAYS,
  type Weekday,
} from '../../../src/core/monitor/maintenance.ts';
import { isoTime, isTimeZone, localDay, zonedTime } from '../../../src/core/time.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

function recurring(parts: Partial<RecurringWindow>): RecurringWindow {
  return {
    kind: 'recurring',
    id: 'w',
    title: 'W',
    days: ['sunday'],
    startMinute: 120,
    durationMinutes: 60,
    timeZone: 'UTC',
    ...parts,
  };
}

function oneOff(start: string, end: string): MaintenanceWindow {
  return { kind: 'one-off', id: 'o', title: 'O', start: Date.parse(start), end: Date.parse(end) };
}

/** `2026-03-29T01:00Z` to minutes, for reading. */
function minutes(epochMs: number): string {
  return isoTime(epochMs).replace(':00.000Z', 'Z');
}

function between(window: MaintenanceWindow, from: string, until: string): readonly string[] {
  return occurrences(window, Date.parse(from), Date.parse(until)).map(({ start, end }) => `${minutes(start)} ${minutes(end)}`);
}

function isIn(window: MaintenanceWindow, at: string): boolean {
  return maintenanceAt([window], { id: 't' }, Date.parse(at)) !== undefined;
}

describe('a window that is planned once', () => {
  const window = oneOff('2026-12-01T22:00:00+01:00', '2026-12-02T02:00:00+01:00');

  it('holds its start and not its end', () => {
    expect(isIn(window, '2026-12-01T20:59:59.999Z')).toBe(false);
    expect(isIn(window, '2026-12-01T21:00:00.000Z')).toBe(true);
    expect(isIn(window, '2026-12-02T00:59:59.999Z')).toBe(true);
    expect(isIn(window, '2026-12-02T01:00:00.000Z')).toBe(false);
  });

  it('says what it is', () => {
    expect(maintenanceAt([window], { id: 't' }, Date.parse('2026-12-01T23:00:00Z'))).toEqual({
      id: 'o',
      title: 'O',
      start: Date.parse('2026-12-01T21:00:00Z'),
      end: Date.parse('2026-12-02T01:00:00Z'),
    });
  });

  it('occurs in every stretch of time that it touches', () => {
    const all = ['2026-12-01T21:00Z 2026-12-02T01:00Z'];
    expect(between(window, '2026-12-01T00:00Z', '2026-12-02T00:00Z')).toEqual(all);
    expect(between(window, '2026-12-01T22:00Z', '2026-12-01T23:00Z')).toEqual(all);
    expect(between(window, '2026-12-01T00:00Z', '2026-12-01T21:00Z')).toEqual([]);
    expect(between(window, '2026-12-02T01:00Z', '2026-12-03T00:00Z')).toEqual([]);
  });
});

describe('a window that recurs', () => {
  it('comes every week', () => {
    expect(between(recurring({ days: ['wednesday'] }), '2026-11-24T00:00Z', '2026-12-10T00:00Z')).toEqual([
      '2026-11-25T02:00Z 2026-11-25T03:00Z',
      '2026-12-02T02:00Z 2026-12-02T03:00Z',
      '2026-12-09T02:00Z 2026-12-09T03:00Z',
    ]);
  });

  it('comes on patch Tuesday', () => {
    const window = recurring({ days: ['tuesday'], weeks: [2], startMinute: 18 * 60, durationMinutes: 240, timeZone: 'Europe/Berlin' });
    expect(between(window, '2026-09-01T00:00Z', '2027-01-01T00:00Z')).toEqual([
      '2026-09-08T16:00Z 2026-09-08T20:00Z',
      '2026-10-13T16:00Z 2026-10-13T20:00Z',
      '2026-11-10T17:00Z 2026-11-10T21:00Z',
      '2026-12-08T17:00Z 2026-12-08T21:00Z',
    ]);
  });

  it('comes on the fifth weekday only in months that have one', () => {
    expect(between(recurring({ days: ['monday'], weeks: [5] }), '2026-01-01T00:00Z', '2026-08-01T00:00Z')).toEqual([
      '2026-03-30T02:00Z 2026-03-30T03:00Z',
      '2026-06-29T02:00Z 2026-06-29T03:00Z',
    ]);
  });

  it('comes in several weeks and on several days', () => {
    const window = recurring({ days: ['saturday', 'sunday'], weeks: [1, 3] });
    expect(between(window, '2026-08-01T00:00Z', '2026-09-01T00:00Z').map((text) => text.slice(8, 10))).toEqual(['01', '02', '15', '16']);
  });

  it('goes on over midnight and over the end of a year', () => {
    const window = recurring({ days: ['thursday'], startMinute: 23 * 60, durationMinutes: 180, timeZone: 'America/New_York' });
    expect(between(window, '2026-12-31T00:00Z', '2027-01-02T00:00Z')).toEqual(['2027-01-01T04:00Z 2027-01-01T07:00Z']);
    const inBerlin = recurring({ days: ['thursday'], startMinute: 23 * 60, durationMinutes: 180, timeZone: 'Europe/Berlin' });
    expect(between(inBerlin, '2027-01-01T00:30Z', '2027-01-01T00:31Z')).toEqual(['2026-12-31T22:00Z 2027-01-01T01:00Z']);
    expect(isIn(inBerlin, '2027-01-01T00:59Z')).toBe(true);
    expect(isIn(inBerlin, '2027-01-01T01:00Z')).toBe(false);
  });

  it('comes on a leap day', () => {
    expect(between(recurring({ days: ['tuesday'], weeks: [5] }), '2028-02-01T00:00Z', '2028-03-01T00:00Z')).toEqual([
      '2028-02-29T02:00Z 2028-02-29T03:00Z',
    ]);
  });

  it('may take a whole week, and then never ends', () => {
    const window = recurring({ days: ['monday'], durationMinutes: 7 * 24 * 60 });
    for (let at = Date.parse('2026-11-01T00:00Z'); at < Date.parse('2026-12-01T00:00Z'); at += 7 * HOUR_MS)
      expect(maintenanceAt([window], { id: 't' }, at)).toBeDefined();
  });

  it('begins later by as much as the clocks jump, when they jump over its beginning', () => {
    const window = recurring({ startMinute: 150, timeZone: 'Europe/Berlin' });
    expect(between(window, '2026-03-22T00:00Z', '2026-04-06T00:00Z')).toEqual([
      '2026-03-22T01:30Z 2026-03-22T02:30Z',
      '2026-03-29T01:30Z 2026-03-29T02:30Z',
      '2026-04-05T00:30Z 2026-04-05T01:30Z',
    ]);
  });

  it('begins on the next day when the clocks jump over midnight and its beginning', () => {
    // From 23:00 to 0:00 on 28 March.
    const window = recurring({ days: ['saturday'], startMinute: 23 * 60 + 30, durationMinutes: 10, timeZone: 'America/Nuuk' });
    expect(between(window, '2026-03-28T00:00Z', '2026-03-30T00:00Z')).toEqual(['2026-03-29T01:30Z 2026-03-29T01:40Z']);
    expect(isIn(window, '2026-03-29T01:30Z')).toBe(true);
    expect(isIn(window, '2026-03-29T01:39Z')).toBe(true);
    expect(isIn(window, '2026-03-29T01:40Z')).toBe(false);
  });

  it('begins the first time that the clocks show its beginning', () => {
    const window = recurring({ startMinute: 150, timeZone: 'Europe/Berlin' });
    expect(between(window, '2026-10-18T00:00Z', '2026-11-02T00:00Z')).toEqual([
      '2026-10-18T00:30Z 2026-10-18T01:30Z',
      '2026-10-25T00:30Z 2026-10-25T01:30Z',
      '2026-11-01T01:30Z 2026-11-01T02:30Z',
    ]);
  });

  it('takes as long as ever across a change of the clocks', () => {
    const window = recurring({ startMinute: 60, durationMinutes: 180, timeZone: 'Europe/Berlin' });
    expect(between(window, '2026-03-29T00:00Z', '2026-03-30T00:00Z')).toEqual(['2026-03-29T00:00Z 2026-03-29T03:00Z']);
    expect(between(window, '2026-10-25T00:00Z', '2026-10-26T00:00Z')).toEqual(['2026-10-24T23:00Z 2026-10-25T02:00Z']);
  });

  it('is found at every minute of a day that has only 23 hours', () => {
    const window = recurring({ startMinute: 60, durationMinutes: 240, timeZone: 'Europe/Berlin' });
    for (let at = Date.parse('2026-03-29T00:00Z'); at < Date.parse('2026-03-29T04:00Z'); at += MINUTE_MS)
      expect(maintenanceAt([window], { id: 't' }, at), minutes(at)).toBeDefined();
  });

  it('knows clocks that change by half an hour, and zones half an hour off', () => {
    const lordHowe = recurring({ startMinute: 135, timeZone: 'Australia/Lord_Howe' });
    // From +11:00 to +10:30 at 2:00 on 5 April, and back at 2:00 on 4 October.
    expect(between(lordHowe, '2026-04-04T00:00Z', '2026-04-06T00:00Z')).toEqual(['2026-04-04T15:45Z 2026-04-04T16:45Z']);
    expect(between(lordHowe, '2026-10-03T00:00Z', '2026-10-05T00:00Z')).toEqual(['2026-10-03T15:45Z 2026-10-03T16:45Z']);
    expect(between(recurring({ timeZone: 'Asia/Kolkata' }), '2026-11-28T00:00Z', '2026-11-30T00:00Z')).toEqual([
      '2026-11-28T20:30Z 2026-11-28T21:30Z',
    ]);
  });

  it('begins on the local weekday, whatever day it is in UTC', () => {
    const auckland = recurring({ days: ['monday'], startMinute: 60, timeZone: 'Pacific/Auckland' });
    expect(between(auckland, '2026-11-22T00:00Z', '2026-11-24T00:00Z')).toEqual(['2026-11-22T12:00Z 2026-11-22T13:00Z']);
    const honolulu = recurring({ days: ['monday'], startMinute: 23 * 60, timeZone: 'Pacific/Honolulu' });
    expect(between(honolulu, '2026-11-23T00:00Z', '2026-11-25T00:00Z')).toEqual(['2026-11-24T09:00Z 2026-11-24T10:00Z']);
    const kiritimati = recurring({ days: ['monday'], startMinute: 0, timeZone: 'Pacific/Kiritimati' });
    expect(between(kiritimati, '2026-11-22T00:00Z', '2026-11-24T00:00Z')).toEqual(['2026-11-22T10:00Z 2026-11-22T11:00Z']);
  });
});

describe('a window', () => {
  const always = oneOff('2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z');
  const at = Date.parse('2026-06-01T00:00:00Z');

  it.each([
    ['everybody', {}, { id: 'a' }, true],
    ['its targets', { targets: ['a', 'b'] }, { id: 'b' }, true],
    ['no other target', { targets: ['a', 'b'] }, { id: 'c' }, false],
    ['its tenants', { tenants: ['contoso'] }, { id: 'c', tenant: 'contoso' }, true],
    ['no other tenant', { tenants: ['contoso'] }, { id: 'c', tenant: 'fabrikam' }, false],
    ['nobody without a tenant, when it names tenants', { tenants: ['contoso'] }, { id: 'contoso' }, false],
    ['its tenants, when it names targets too', { targets: ['a'], tenants: ['contoso'] }, { id: 'c', tenant: 'contoso' }, true],
    ['its targets, when it names tenants too', { targets: ['a'], tenants: ['contoso'] }, { id: 'a', tenant: 'fabrikam' }, true],
  ] as const)('is for %s', (_, scope, target, expected) => {
    expect(maintenanceAt([{ ...always, ...scope }], target, at) !== undefined).toBe(expected);
  });

  it('among several is the one that ends last', () => {
    const windows = [
      { ...oneOff('2026-05-01T00:00:00Z', '2026-06-01T01:00:00Z'), id: 'short' },
      { ...oneOff('2026-06-01T00:00:00Z', '2026-06-01T03:00:00Z'), id: 'long' },
      { ...oneOff('2026-06-01T00:00:00Z', '2026-06-01T09:00:00Z'), id: 'of-others', targets: ['other'] },
      recurring({ id: 'weekly', days: ['monday'], startMinute: 0, durationMinutes: 120 }),
    ];
    expect(maintenanceAt(windows, { id: 't' }, at)?.id).toBe('long');
    expect(maintenanceAt(windows.slice(3), { id: 't' }, at)?.id).toBe('weekly');
    expect(maintenanceAt([], { id: 't' }, at)).toBeUndefined();
  });
});

/** Zones with every trait: no change, changes in both hemispheres, by half an hour, at midnight, half and quarter hours, both ends of the day. */
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Havana',
  'America/Santiago',
  'America/Nuuk',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Australia/Adelaide',
  'Pacific/Auckland',
  'Pacific/Chatham',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
  'Asia/Kolkata',
  'Asia/Beirut',
  'Africa/Cairo',
  'Atlantic/Azores',
] as const;

/** Weeks in which some of these clocks change, and one in which none does. */
const WEEKS = [
  '2026-03-04',
  '2026-03-24',
  '2026-04-01',
  '2026-04-20',
  '2026-09-01',
  '2026-09-22',
  '2026-10-01',
  '2026-10-21',
  '2026-10-27',
  '2026-06-10',
  '2026-12-27',
] as const;

interface Wall {
  readonly at: number;
  readonly weekday: Weekday;
  readonly day: number;
  /** Minutes since some midnight long ago: what the clock shows, taken for UTC. */
  readonly minute: number;
}

const walls = new Map<string, readonly Wall[]>();

/** What the clock of a zone shows at every minute of ten days; by its own reading of Intl. */
function wallsOf(timeZone: string, week: string): readonly Wall[] {
  const key = `${timeZone} ${week}`;
  const known = walls.get(key);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  const start = Date.parse(`${week}T00:00:00Z`) - 2 * DAY_MS;
  const all = Array.from({ length: 10 * 24 * 60 }, (_, index) => {
    const at = start + index * MINUTE_MS;
    const shown = Date.parse(`${format.format(at).replace(' ', 'T')}:00Z`);
    const date = new Date(shown);
    return { at, weekday: WEEKDAYS[date.getUTCDay()] ?? 'sunday', day: date.getUTCDate(), minute: shown / MINUTE_MS };
  });
  walls.set(key, all);
  return all;
}

/** When a window begins, found by watching the clock minute by minute. */
function watchedStarts({ days, weeks, startMinute }: RecurringWindow, clock: readonly Wall[]): readonly number[] {
  const starts: number[] = [];
  const seen = new Set<number>();
  for (const [index, { at, weekday, day, minute }] of clock.entries()) {
    const before = clock[index - 1]?.minute ?? minute - 1;
    // Every minute that the clock has left out is shown later by as much as it jumped; the jump itself is one of a day's minutes.
    for (let shown = before + 1; shown <= Math.max(minute, before + 1); shown++) {
      const isShown = shown === minute || minute <= before;
      const wall = isShown ? minute : shown;
      if (seen.has(wall) || wall % (24 * 60) !== startMinute) continue;
      seen.add(wall);
      const of = isShown ? { weekday, day } : dayOf(wall);
      const week = Math.ceil(of.day / 7);
      if (days.includes(of.weekday) && (weeks === undefined || weeks.includes(week)))
        starts.push(isShown ? at : at + (wall - before - 1) * MINUTE_MS);
    }
  }
  return starts;
}

function dayOf(wallMinute: number): Pick<Wall, 'weekday' | 'day'> {
  const date = new Date(wallMinute * MINUTE_MS);
  return { weekday: WEEKDAYS[date.getUTCDay()] ?? 'sunday', day: date.getUTCDate() };
}

describe('windows in any zone', () => {
  const window = fc.record({
    days: fc.subarray([...WEEKDAYS], { minLength: 1 }),
    weeks: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, fc.subarray([1, 2, 3, 4, 5], { minLength: 1 })),
    startMinute: fc.oneof(
      fc.integer({ min: 0, max: 1_439 }),
      fc.constantFrom(0, 1, 29, 30, 59, 60, 90, 119, 120, 121, 149, 150, 179, 180, 181, 210, 1_380, 1_410, 1_439),
    ),
    durationMinutes: fc.oneof(fc.integer({ min: 1, max: 600 }), fc.constantFrom(1, 60, 24 * 60, 2 * 24 * 60)),
    timeZone: fc.constantFrom(...ZONES),
  });

  it('are where somebody who watches the clock finds them', { timeout: 120_000 }, () => {
    let inside = 0;
    fc.assert(
      fc.property(window, fc.constantFrom(...WEEKS), ({ weeks, ...parts }, week) => {
        const one = recurring({ ...parts, ...(weeks !== undefined && { weeks }) });
        const clock = wallsOf(one.timeZone, week);
        const starts = watchedStarts(one, clock);
        const lengthMs = one.durationMinutes * MINUTE_MS;
        const first = (clock[0]?.at ?? 0) + 3 * DAY_MS;
        const end = (clock.at(-1)?.at ?? 0) - DAY_MS;
        const touching = starts.filter((start) => start < end && start + lengthMs > first);
        expect(occurrences(one, first, end).map(({ start }) => start)).toEqual(touching);
        for (let at = first; at < end; at += 61 * MINUTE_MS) {
          const found = maintenanceAt([one], { id: 't' }, at);
          const expected = starts.findLast((start) => start <= at && at < start + lengthMs);
          expect(found?.start).toBe(expected);
          if (found !== undefined) inside++;
        }
      }),
      { numRuns: 60 },
    );
    expect(inside).toBeGreaterThan(500);
  });

  it('begin and end at the very minute', { timeout: 120_000 }, () => {
    for (const timeZone of ZONES) {
      const clock = wallsOf(timeZone, timeZone.startsWith('A') ? '2026-04-01' : '2026-10-21');
      const one = recurring({ days: [...WEEKDAYS], startMinute: 150, durationMinutes: 45, timeZone });
      const starts = watchedStarts(one, clock);
      expect(starts.length).toBeGreaterThan(8);
      for (const start of starts.slice(1)) {
        const found = [-1, 0, 44, 45].map((minute) => maintenanceAt([one], { id: 't' }, start + minute * MINUTE_MS)?.start);
        expect(found, `${timeZone} ${minutes(start)}`).toEqual([undefined, start, start, undefined]);
      }
    }
  });
});

describe('local time', () => {
  it('is what the calendar of the zone shows', () => {
    expect(localDay(Date.parse('2026-12-31T23:30:00Z'), 'Europe/Berlin')).toEqual({ year: 2027, month: 1, day: 1, weekday: 5 });
    expect(localDay(Date.parse('2028-02-29T02:00:00Z'), 'America/New_York')).toEqual({ year: 2028, month: 2, day: 28, weekday: 1 });
    expect(localDay(Date.parse('2026-11-24T10:30:00Z'), 'Pacific/Kiritimati')).toMatchObject({ day: 25 });
  });

  it('is found again at every hour of years', () => {
    for (const timeZone of ['Europe/Berlin', 'Australia/Lord_Howe', 'America/Santiago']) {
      const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
      for (let at = Date.parse('2026-01-01T00:00Z'); at < Date.parse('2028-01-01T00:00Z'); at += 5 * HOUR_MS) {
        const [hour = 0, minute = 0] = format.format(at).slice(11).split(':').map(Number);
        const again = zonedTime(localDay(at, timeZone), hour * 60 + minute, timeZone);
        // Of a time that is shown twice, the first.
        if (again !== at) {
          expect(again).toBeLessThan(at);
          expect(format.format(again)).toBe(format.format(at));
        }
      }
    }
  });

  it('needs a zone that exists', () => {
    expect(isTimeZone('Europe/Berlin')).toBe(true);
    expect(isTimeZone('Mars/Olympus_Mons')).toBe(false);
    expect(isTimeZone('')).toBe(false);
    expect(() => localDay(0, 'Mars/Olympus_Mons')).toThrow(RangeError);
  });
});
