import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coveredFrom, missingRollups, nextRecord, type Outcome } from '../../../src/core/monitor/next-record.ts';
import { PAGE_AT_ONCE, type Policy } from '../../../src/core/monitor/policy.ts';
import type { CycleResult } from '../../../src/core/monitor/result.ts';
import type { TargetRecord } from '../../../src/core/monitor/state.ts';
import {
  addGrowth,
  addResult,
  CONDITIONS_OVER_TIME,
  conditionOverTime,
  emptyRollup,
  mergeRollups,
  type Rollup,
  type RollupResult,
  type RollupSpan,
  rollupKey,
  startOfKey,
  touchedKeys,
  uptime,
} from '../../../src/core/rollup/rollup.ts';
import { isoTime } from '../../../src/core/time.ts';
import { SEEN_LETTERS, SEEN_VERDICTS, type SeenLetter } from '../../support/seen-verdicts.ts';

const MINUTE_MS = 60_000;
const PERIOD_MS = 5 * MINUTE_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const POLICY: Policy = {
  failuresBeforeAlert: 2,
  successesBeforeResolve: 2,
  pageAtOnce: PAGE_AT_ONCE,
  flap: { changes: 5, windowMs: HOUR_MS, holdMs: HOUR_MS / 2 },
  staleAfterMs: 11 * MINUTE_MS,
};

const at = (text: string): number => Date.parse(text);
const WINDOW = { id: 'w', title: 'w', start: 0, end: 1 };

function result(when: number, letter: SeenLetter, parts: Partial<CycleResult> = {}): CycleResult {
  return {
    at: when,
    verdict: SEEN_VERDICTS[letter],
    alsoFound: [],
    evidence: [],
    durationMs: 10,
    checks: [],
    vantage: 'test',
    rechecked: false,
    inMaintenance: false,
    ...parts,
  };
}

/** A target with the rollups that are stored for it; reads exactly those that the record is missing. */
function watchedTarget(periodMs = PERIOD_MS) {
  const stored = new Map<string, Rollup>();
  let record: TargetRecord | undefined;
  let reads = 0;
  const step = (one: CycleResult): Outcome => {
    const missing = (['hour', 'day'] as const).flatMap((span) => missingRollups(span, record, one.at, periodMs));
    reads += missing.length;
    const outcome = nextRecord({
      target: 't',
      commit: 'c',
      before: record,
      result: one,
      history: {},
      longUrl: undefined,
      maintenance: one.inMaintenance ? WINDOW : undefined,
      policy: POLICY,
      workingSince: undefined,
      host: 'h',
      view: { name: 't', periodMs, path: [], evidence: [], certificates: [] },
      storedRollups: missing.flatMap((key) => stored.get(key) ?? []),
    });
    for (const rollup of [...outcome.hours, ...outcome.days]) stored.set(rollup.key, rollup);
    record = outcome.record;
    return outcome;
  };
  const all = (span: RollupSpan): readonly Rollup[] =>
    [...stored.values()].filter(({ key }) => (span === 'day') === (key.length === 10)).toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return { step, all, reads: () => reads };
}

const total = ({ seconds }: Rollup): number => CONDITIONS_OVER_TIME.reduce((sum, condition) => sum + seconds[condition], 0);
const count = ({ counts }: Rollup): number => Object.values(counts).reduce((sum, one) => sum + one, 0);

const someResults = (pause: fc.Arbitrary<number>) =>
  fc.tuple(
    fc.integer({ min: at('2028-02-27T00:00:00Z'), max: at('2028-03-02T00:00:00Z') }),
    fc.array(
      fc.record({
        pause,
        letter: fc.constantFrom(...SEEN_LETTERS),
        inMaintenance: fc.boolean(),
        responseMs: fc.option(fc.integer({ min: 0, max: 30_000 }), { nil: undefined }),
      }),
      { maxLength: 120 },
    ),
  );

function watch(
  periodMs: number,
  [start, steps]: readonly [
    number,
    readonly { pause: number; letter: SeenLetter; inMaintenance: boolean; responseMs: number | undefined }[],
  ],
) {
  const target = watchedTarget(periodMs);
  let now = start;
  const times = steps.map(({ pause, letter, inMaintenance, responseMs }) => {
    now += pause;
    target.step(result(now, letter, { inMaintenance, ...(responseMs !== undefined && { responseMs }) }));
    return now;
  });
  return { ...target, times };
}

function expectHoursToMakeDays(target: Pick<ReturnType<typeof watchedTarget>, 'all'>, results: number): void {
  const hours = target.all('hour');
  for (const day of target.all('day')) {
    expect(
      mergeRollups(
        day.key,
        hours.filter(({ key }) => key.startsWith(day.key)),
      ),
    ).toEqual(day);
    expect(total(day)).toBeLessThanOrEqual(86_400);
    expect(day.responseMs.at(-1)).not.toBe(0);
  }
  for (const hour of hours) expect(total(hour)).toBeLessThanOrEqual(3_600);
  expect(hours.reduce((sum, hour) => sum + count(hour), 0)).toBe(results);
}

describe('the hours of a day', () => {
  const forward = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 2 * PERIOD_MS }) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 9 * HOUR_MS }) },
  );

  it('add up to it, to the second', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(someResults(forward), fc.constantFrom(MINUTE_MS, PERIOD_MS, HOUR_MS, 7 * HOUR_MS, DAY_MS), (results, periodMs) => {
        const target = watch(periodMs, results);
        expectHoursToMakeDays(target, target.times.length);
      }),
      { numRuns: 300 },
    );
  });

  it('add up to it even when the clock is put back, and never get too long', { timeout: 60_000 }, () => {
    const jumping = fc.oneof(
      { weight: 8, arbitrary: forward },
      { weight: 1, arbitrary: fc.integer({ min: -3 * HOUR_MS, max: 0 }) },
      { weight: 1, arbitrary: fc.constantFrom(-DAY_MS, DAY_MS) },
    );
    fc.assert(
      fc.property(someResults(jumping), (results) => {
        const target = watch(PERIOD_MS, results);
        expectHoursToMakeDays(target, target.times.length);
      }),
      { numRuns: 300 },
    );
  });

  it('hold all the time that was covered, and none twice', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(someResults(forward), (results) => {
        const target = watch(PERIOD_MS, results);
        const covered = target.times.slice(1).reduce((sum, now, index) => {
          const from = Math.max(target.times[index] ?? now, now - 1.5 * PERIOD_MS);
          return sum + Math.floor(now / 1_000) - Math.floor(from / 1_000);
        }, 0);
        expect(target.all('hour').reduce((sum, hour) => sum + total(hour), 0)).toBe(covered);
      }),
      { numRuns: 300 },
    );
  });

  it('are whole when nothing was missed', () => {
    const target = watchedTarget();
    // One result every five minutes, each a little off the mark.
    for (let index = 0; index <= 24 * 12; index++)
      target.step(result(at('2028-02-29T00:00:00Z') + index * PERIOD_MS + (index % 12 === 0 ? 0 : (index * 977) % 2_000), '.'));
    expect(target.all('hour').map(total)).toEqual([...Array.from({ length: 24 }, () => 3_600), 0]);
    expect(target.all('day').map(({ key, seconds }) => [key, seconds.up])).toEqual([
      ['2028-02-29', 86_400],
      ['2028-03-01', 0],
    ]);
  });

  it('are read once an hour and once a day only', () => {
    const target = watchedTarget();
    for (let index = 0; index < 24 * 12; index++) target.step(result(at('2028-02-29T00:00:00Z') + index * PERIOD_MS, '.'));
    expect(target.reads()).toBe(25);
  });
});

describe('a result', () => {
  it('speaks for the time since the one before it', () => {
    expect(coveredFrom(10_000_000, 9_800_000, PERIOD_MS)).toBe(9_800_000);
  });

  it('speaks for one and a half periods at most, because nobody looked before', () => {
    expect(coveredFrom(10_000_000, 1_000_000, PERIOD_MS)).toBe(10_000_000 - 450_000);
    expect(coveredFrom(10_000_000, 10_000_000 - 450_001, PERIOD_MS)).toBe(10_000_000 - 450_000);
  });

  it('speaks for no time when it is the first, or when the clock was put back', () => {
    expect(coveredFrom(10_000_000, undefined, PERIOD_MS)).toBe(10_000_000);
    expect(coveredFrom(10_000_000, 20_000_000, PERIOD_MS)).toBe(10_000_000);
  });

  it('counts where it lies, and its time where that lies', () => {
    const target = watchedTarget();
    target.step(result(at('2028-02-29T23:58:00Z'), '.'));
    const { hours, days, record } = target.step(result(at('2028-03-01T00:03:00Z'), 'X', { responseMs: 80 }));
    expect(hours.map(({ key, seconds, counts, responseMs }) => [key, seconds.down, counts.crit, responseMs])).toEqual([
      ['2028-02-29T23', 120, 0, []],
      ['2028-03-01T00', 180, 1, [0, 0, 0, 1]],
    ]);
    expect(days.map(({ key, seconds, counts }) => [key, seconds.down, counts.ok, counts.crit])).toEqual([
      ['2028-02-29', 120, 1, 0],
      ['2028-03-01', 180, 0, 1],
    ]);
    expect(record.hour).toEqual(hours[1]);
    expect(record.day).toEqual(days[1]);
    expect(record.hours.map(({ key }) => key)).toEqual(['2028-02-29T23', '2028-03-01T00']);
    expect(record.days.map(({ seconds }) => seconds)).toEqual([
      [0, 0, 120],
      [0, 0, 180],
    ]);
  });

  it('at the very end of an hour belongs to the next, with no time of it', () => {
    const target = watchedTarget();
    target.step(result(at('2028-12-31T23:55:00Z'), '.'));
    const { hours, days } = target.step(result(at('2029-01-01T00:00:00Z'), '.'));
    expect(hours.map(({ key, seconds, counts }) => [key, seconds.up, counts.ok])).toEqual([
      ['2028-12-31T23', 300, 1],
      ['2029-01-01T00', 0, 1],
    ]);
    expect(days.map(({ key, counts }) => [key, counts.ok])).toEqual([
      ['2028-12-31', 1],
      ['2029-01-01', 1],
    ]);
  });

  it('with a long period speaks for several hours', () => {
    const keys = touchedKeys('hour', { at: at('2028-02-29T03:30:00Z'), coversFrom: at('2028-02-28T23:30:00Z') });
    expect(keys).toEqual(['2028-02-28T23', '2028-02-29T00', '2028-02-29T01', '2028-02-29T02', '2028-02-29T03']);
    expect(touchedKeys('day', { at: at('2028-03-01T00:30:00Z'), coversFrom: at('2028-02-28T23:30:00Z') })).toEqual([
      '2028-02-28',
      '2028-02-29',
      '2028-03-01',
    ]);
    expect(touchedKeys('hour', { at: at('2028-02-29T03:30:00Z'), coversFrom: at('2028-02-29T09:00:00Z') })).toEqual(['2028-02-29T03']);
  });

  it.each([
    ['.', false, 'up'],
    ['i', false, 'up'],
    ['u', false, 'unknown'],
    ['w', false, 'degraded'],
    ['E', false, 'degraded'],
    ['X', false, 'down'],
    ['b', false, 'unknown'],
    ['X', true, 'maintenance'],
    ['.', true, 'maintenance'],
    ['b', true, 'maintenance'],
  ] as const)('that is %s, in maintenance: %s, makes its time %s', (letter, inMaintenance, expected) => {
    expect(conditionOverTime({ verdict: SEEN_VERDICTS[letter], inMaintenance })).toBe(expected);
  });
});

describe('a rollup', () => {
  it('has keys of which each is the start of its span', () => {
    for (const time of ['2028-02-29T23:59:59.999Z', '2028-12-31T23:00:00Z', '2026-01-01T00:00:00Z', '2026-07-05T09:30:00Z']) {
      for (const span of ['hour', 'day'] as const) {
        const key = rollupKey(span, at(time));
        expect(isoTime(startOfKey(key))).toMatch(span === 'hour' ? /:00:00\.000Z$/ : /T00:00:00\.000Z$/);
        expect(startOfKey(key)).toBeLessThanOrEqual(at(time));
        expect(rollupKey(span, startOfKey(key))).toBe(key);
      }
    }
    expect(startOfKey('nonsense')).toBeNaN();
  });

  it('never gets longer than its span', () => {
    const covered: RollupResult = {
      at: at('2026-11-24T11:00:00Z') - 1,
      coversFrom: at('2026-11-24T10:00:00Z'),
      verdict: SEEN_VERDICTS['.'],
      inMaintenance: false,
    };
    const once = addResult('hour', emptyRollup('2026-11-24T10'), covered);
    expect(total(once)).toBe(3_599);
    const twice = addResult('hour', once, { ...covered, verdict: SEEN_VERDICTS.X });
    expect(twice.seconds).toMatchObject({ up: 3_599, down: 1 });
    expect(count(twice)).toBe(2);
  });

  it('grows by what another one has grown by', () => {
    const covered = { verdict: SEEN_VERDICTS.w, inMaintenance: false, responseMs: 70 };
    const before = addResult('hour', emptyRollup('2026-11-24T10'), {
      ...covered,
      at: at('2026-11-24T10:05:00Z'),
      coversFrom: at('2026-11-24T10:00:00Z'),
    });
    const after = addResult('hour', before, { ...covered, at: at('2026-11-24T10:10:00Z'), coversFrom: at('2026-11-24T10:05:00Z') });
    const day = addGrowth(mergeRollups('2026-11-24', [before]), before, after);
    expect(day).toEqual(mergeRollups('2026-11-24', [after]));
  });
});

describe('uptime', () => {
  const seconds = (parts: Partial<Rollup['seconds']>): Rollup => ({
    ...emptyRollup('2026-11-24'),
    seconds: { ...emptyRollup('').seconds, ...parts },
  });

  it('is the share of the judged time in which enrolment worked', () => {
    expect(uptime([seconds({ up: 75, down: 25 })])).toBe(0.75);
    expect(uptime([seconds({ up: 50, degraded: 25 }), seconds({ down: 25 })])).toBe(0.75);
  });

  it('takes no notice of maintenance and of what nobody knows', () => {
    expect(uptime([seconds({ up: 75, down: 25, unknown: 500, maintenance: 1_000 })])).toBe(0.75);
  });

  it('of nothing judged is not known', () => {
    expect(uptime([])).toBeUndefined();
    expect(uptime([seconds({ unknown: 5, maintenance: 5 })])).toBeUndefined();
  });
});
