import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDue } from '../../../src/core/monitor/due.ts';
import { nextDueAt } from '../../../src/core/monitor/next-due.ts';

const START = Date.parse('2026-11-24T10:00:00Z');

describe('the next time that a target is due', () => {
  it.each([
    ['2026-11-24T10:00:00Z', 300, '2026-11-24T10:04:58.000Z'],
    ['2026-11-24T10:04:57Z', 300, '2026-11-24T10:04:58.000Z'],
    ['2026-11-24T10:04:59Z', 300, '2026-11-24T10:09:58.000Z'],
    ['2026-11-24T10:00:00Z', 1, '2026-11-24T10:00:01.000Z'],
  ])('after %s with a period of %i s is %s', (last, seconds, next) => {
    expect(new Date(nextDueAt(Date.parse(last), seconds * 1_000)).toISOString()).toBe(next);
  });

  it('is an instant at which it is due, at most one period away', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 * 86_400_000 }), fc.integer({ min: 1, max: 86_400 }), (offset, seconds) => {
        const lastAt = START + offset;
        const periodMs = seconds * 1_000;
        const next = nextDueAt(lastAt, periodMs);
        expect(isDue(lastAt, periodMs, next)).toBe(true);
        expect(next).toBeGreaterThanOrEqual(lastAt);
        expect(next - lastAt).toBeLessThanOrEqual(periodMs);
        expect(next - 1_000 < lastAt || !isDue(lastAt, periodMs, next - 1_000)).toBe(true);
      }),
    );
  });
});
