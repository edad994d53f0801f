import { describe, expect, it } from 'vitest';
import { emptyRollup, type Rollup } from '../../../src/core/rollup/rollup.ts';
import { KEPT_HOURS, type Slice, sliceOf, withSlices } from '../../../src/core/rollup/slice.ts';

const hour = (number: number): string => `2026-11-24T${String(number).padStart(2, '0')}`;
const slice = (key: string, ...seconds: number[]): Slice => ({ key, seconds });
const slices = (from: number, until: number): readonly Slice[] =>
  Array.from({ length: until - from }, (_, index) => slice(hour(from + index), 3_600));

describe('a slice', () => {
  it('is what a bar needs of a rollup', () => {
    const rollup: Rollup = {
      ...emptyRollup(hour(9)),
      seconds: { up: 3_000, degraded: 0, down: 600, unknown: 0, maintenance: 0 },
      responseMs: [0, 0, 0, 100],
    };
    expect(sliceOf(rollup)).toEqual({ key: hour(9), seconds: [3_000, 0, 600], p50: 88, p95: 99 });
  });

  it('of nothing is short', () => {
    expect(sliceOf(emptyRollup(hour(9)))).toEqual({ key: hour(9), seconds: [] });
  });
});

describe('slices', () => {
  it('take the place of those with the same key', () => {
    expect(withSlices([slice(hour(8), 1), slice(hour(9), 1)], [slice(hour(9), 2), slice(hour(10), 3)], 24)).toEqual([
      slice(hour(8), 1),
      slice(hour(9), 2),
      slice(hour(10), 3),
    ]);
  });

  it('are the latest, oldest first', () => {
    const kept = withSlices(slices(0, 24), [slice('2026-11-25T00', 1)], KEPT_HOURS);
    expect(kept).toHaveLength(KEPT_HOURS);
    expect(kept[0]?.key).toBe(hour(1));
    expect(kept.at(-1)?.key).toBe('2026-11-25T00');
  });

  it('keep to the number that is kept, whatever was stored', () => {
    expect(withSlices(slices(0, 20), [slice(hour(20))], 3).map(({ key }) => key)).toEqual([hour(18), hour(19), hour(20)]);
  });

  it('fill a hole where it is', () => {
    expect(withSlices([slice(hour(1)), slice(hour(5))], [slice(hour(4)), slice(hour(5))], 24).map(({ key }) => key)).toEqual([
      hour(1),
      hour(4),
      hour(5),
    ]);
  });

  it('forget what a clock wrote that was ahead', () => {
    expect(withSlices([slice(hour(8)), slice('2036-01-01T00', 300)], [slice(hour(9))], 24).map(({ key }) => key)).toEqual([
      hour(8),
      hour(9),
    ]);
  });

  it('stay as they are when nothing is new', () => {
    expect(withSlices(slices(0, 3), [], 24)).toEqual(slices(0, 3));
  });
});
