import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addToHistogram, BUCKET_BOUNDS_MS, type Histogram, mergeHistograms, percentile } from '../../../src/core/rollup/histogram.ts';

function histogramOf(times: readonly number[]): Histogram {
  return times.reduce<Histogram>(addToHistogram, []);
}

/** The smallest time that at least the fraction `p` of all keeps within. */
function exactPercentile(times: readonly number[], p: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}

const responseTime = fc.oneof(
  fc.integer({ min: 0, max: 1_000 }),
  fc.integer({ min: 0, max: 40_000 }),
  fc.constantFrom(...BUCKET_BOUNDS_MS),
);
const some = fc.array(responseTime, { minLength: 1, maxLength: 200 });

describe('a histogram', () => {
  it('counts a time at a bound in the bucket that ends there', () => {
    expect(histogramOf([0])).toEqual([1]);
    expect(histogramOf([25])).toEqual([1]);
    expect(histogramOf([25.5])).toEqual([0, 1]);
    expect(histogramOf([20_000]).length).toBe(BUCKET_BOUNDS_MS.length);
    expect(histogramOf([20_001, 99_999])).toEqual([...BUCKET_BOUNDS_MS.map(() => 0), 2]);
  });

  it('has bounds that rise', () => {
    expect([...BUCKET_BOUNDS_MS].toSorted((a, b) => a - b)).toEqual([...BUCKET_BOUNDS_MS]);
    expect(new Set(BUCKET_BOUNDS_MS).size).toBe(BUCKET_BOUNDS_MS.length);
  });

  it('of two lots is the sum of theirs, in any order', () => {
    fc.assert(
      fc.property(some, some, (a, b) => {
        const merged = mergeHistograms(histogramOf(a), histogramOf(b));
        expect(merged).toEqual(histogramOf([...b, ...a]));
        expect(merged.reduce((sum, count) => sum + count, 0)).toBe(a.length + b.length);
      }),
    );
    expect(mergeHistograms([], [0, 2])).toEqual([0, 2]);
  });
});

describe('a percentile', () => {
  it('lies in the bucket of the exact one', () => {
    fc.assert(
      fc.property(some, fc.double({ min: 0, max: 1, noNaN: true }), (times, p) => {
        const estimate = percentile(histogramOf(times), p) ?? Number.NaN;
        const exact = exactPercentile(times, p);
        const bucket = BUCKET_BOUNDS_MS.findIndex((bound) => exact <= bound);
        expect(estimate).toBeGreaterThanOrEqual(bucket === -1 ? 20_000 : (BUCKET_BOUNDS_MS[bucket - 1] ?? 0));
        expect(estimate).toBeLessThanOrEqual(bucket === -1 ? 20_000 : (BUCKET_BOUNDS_MS[bucket] ?? Number.NaN));
      }),
    );
  });

  it('never falls when more is asked for', () => {
    fc.assert(
      fc.property(some, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (times, a, b) => {
        const histogram = histogramOf(times);
        expect(percentile(histogram, Math.min(a, b))).toBeLessThanOrEqual(percentile(histogram, Math.max(a, b)) ?? Number.NaN);
      }),
    );
  });

  it('is linear inside a bucket', () => {
    const hundred = histogramOf(Array.from({ length: 100 }, () => 120));
    expect([0, 0.5, 0.95, 1].map((p) => percentile(hundred, p))).toEqual([100, 125, 148, 150]);
  });

  it('beyond the last bound is that bound, because nothing more is certain', () => {
    expect(percentile(histogramOf([60_000]), 0.5)).toBe(20_000);
  });

  it('of nothing is nothing', () => {
    expect(percentile([], 0.5)).toBeUndefined();
    expect(percentile([0, 0], 0.5)).toBeUndefined();
  });
});
