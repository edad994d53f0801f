import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueTargets, isDue, type Period, periodAt, staleAfterMs } from '../../../src/core/monitor/due.ts';
import { isStale } from '../../../src/core/monitor/status.ts';

const MINUTE_MS = 60_000;
const PERIOD_MS = 5 * MINUTE_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** Noon, the start of a period of every usual length. */
const NOON = Date.UTC(2026, 10, 24, 12);

describe('a target', () => {
  it('that was never seen is due', () => {
    expect(isDue(undefined, PERIOD_MS, NOON)).toBe(true);
  });

  it('is due once in each period', () => {
    expect(isDue(NOON, PERIOD_MS, NOON + 1)).toBe(false);
    expect(isDue(NOON, PERIOD_MS, NOON + 4 * MINUTE_MS)).toBe(false);
    expect(isDue(NOON, PERIOD_MS, NOON + PERIOD_MS)).toBe(true);
    expect(isDue(NOON + 4 * MINUTE_MS, PERIOD_MS, NOON + PERIOD_MS)).toBe(true);
  });

  it('is due although the timer is a little early', () => {
    expect(isDue(NOON, PERIOD_MS, NOON + PERIOD_MS - 2_000)).toBe(true);
    expect(isDue(NOON, PERIOD_MS, NOON + PERIOD_MS - 2_001)).toBe(false);
    expect(isDue(NOON - 1_500, PERIOD_MS, NOON + PERIOD_MS - 1_500)).toBe(true);
  });

  it('that was seen early is not seen again on time', () => {
    expect(isDue(NOON - 1_500, PERIOD_MS, NOON)).toBe(false);
  });

  it('waits for a clock that was put back a little, and not for one that was put back by hours', () => {
    expect(isDue(NOON, PERIOD_MS, NOON - MINUTE_MS)).toBe(false);
    expect(isDue(NOON, PERIOD_MS, NOON - staleAfterMs(PERIOD_MS))).toBe(false);
    expect(isDue(NOON, PERIOD_MS, NOON - staleAfterMs(PERIOD_MS) - 1)).toBe(true);
    expect(isDue(NOON, PERIOD_MS, NOON - HOUR_MS)).toBe(true);
    expect(isDue(NOON, PERIOD_MS, NOON - 24 * HOUR_MS)).toBe(true);
  });

  it('is due at once when the clock was put forward', () => {
    expect(isDue(NOON, PERIOD_MS, NOON + HOUR_MS)).toBe(true);
  });

  it('is seen exactly once in each period, however late the timer is within it', () => {
    const lateness = fc.array(fc.integer({ min: -2_000, max: PERIOD_MS - 2_001 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(lateness, (late) => {
        let lastAt: number | undefined;
        for (const [index, ms] of late.entries()) {
          const now = NOON + index * PERIOD_MS + ms;
          expect(isDue(lastAt, PERIOD_MS, now)).toBe(true);
          expect(isDue(now, PERIOD_MS, now)).toBe(false);
          expect(isDue(now, PERIOD_MS, Math.min(now + 60_000, NOON + (index + 1) * PERIOD_MS - 2_001))).toBe(false);
          lastAt = now;
        }
      }),
    );
  });
});

describe('a period', () => {
  it('is counted alike by everybody', () => {
    expect(periodAt(NOON, PERIOD_MS)).toBe(NOON / PERIOD_MS);
    expect(periodAt(NOON - 2_000, PERIOD_MS)).toBe(NOON / PERIOD_MS);
    expect(periodAt(NOON - 2_001, PERIOD_MS)).toBe(NOON / PERIOD_MS - 1);
  });

  it.each([1, 60, 300, 3_600, 86_400])('of %i s is due when a whole one has passed', (seconds) => {
    const periodMs = seconds * 1_000;
    fc.assert(
      fc.property(fc.integer({ min: NOON, max: NOON + 40 * 86_400_000 }), (lastAt) => {
        expect(isDue(lastAt, periodMs, lastAt + periodMs)).toBe(true);
        expect(isDue(lastAt, periodMs, lastAt)).toBe(false);
      }),
    );
  });
});

describe('due targets', () => {
  const target = (id: string, periodMs = PERIOD_MS): Period => ({ id, periodMs });
  const due = (targets: readonly Period[], lastAt: Readonly<Record<string, number>>, now: number) =>
    dueTargets(targets, (id) => lastAt[id], now).map(({ id }) => id);

  it('come longest unseen first, those never seen before all', () => {
    const seen = { a: NOON - 6 * MINUTE_MS, b: NOON - HOUR_MS, d: NOON - 10 * MINUTE_MS };
    expect(
      due(
        ['a', 'b', 'c', 'd'].map((id) => target(id)),
        seen,
        NOON,
      ),
    ).toEqual(['c', 'b', 'd', 'a']);
  });

  it('keep their order among those that were never seen', () => {
    expect(
      due(
        ['c', 'a', 'b'].map((id) => target(id)),
        {},
        NOON,
      ),
    ).toEqual(['c', 'a', 'b']);
  });

  it('are due by their own period', () => {
    const targets = [target('often', MINUTE_MS), target('hourly', HOUR_MS), target('daily', 24 * HOUR_MS)];
    const seen = { often: NOON - MINUTE_MS, hourly: NOON - MINUTE_MS, daily: NOON - MINUTE_MS };
    expect(due(targets, seen, NOON)).toEqual(['often', 'hourly']);
    expect(due(targets, seen, NOON - 2_001)).toEqual([]);
  });

  it('whose turn did not come are first the next time, so that nobody starves', () => {
    const targets = Array.from({ length: 10 }, (_, index) => target(`t${index}`));
    const seen: Record<string, number> = {};
    for (let cycle = 0; cycle < 20; cycle++) {
      const now = NOON + cycle * PERIOD_MS;
      // Only three of ten fit into each cycle.
      for (const id of due(targets, seen, now).slice(0, 3)) seen[id] = now;
      for (const { id } of targets) expect(now - (seen[id] ?? NOON)).toBeLessThanOrEqual(3 * PERIOD_MS);
    }
  });
});

describe('a last result', () => {
  it('is stale after two periods and a minute', () => {
    expect(staleAfterMs(PERIOD_MS)).toBe(11 * MINUTE_MS);
    expect(isStale(NOON, NOON + 11 * MINUTE_MS, staleAfterMs(PERIOD_MS))).toBe(false);
    expect(isStale(NOON, NOON + 11 * MINUTE_MS + 1, staleAfterMs(PERIOD_MS))).toBe(true);
    expect(isStale(undefined, NOON, staleAfterMs(PERIOD_MS))).toBe(true);
  });
});
