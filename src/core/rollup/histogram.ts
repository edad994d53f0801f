/** Upper bounds of the response time buckets in milliseconds, each inclusive; one more bucket takes what is slower. */
export const BUCKET_BOUNDS_MS = [
  25, 50, 75, 100, 150, 200, 300, 400, 600, 800, 1_200, 1_600, 2_400, 3_200, 5_000, 7_500, 10_000, 15_000, 20_000,
] as const;

/** Counts per bucket, in the order of the bounds; trailing zeros are left out. */
export type Histogram = readonly number[];

export function addToHistogram(histogram: Histogram, ms: number): Histogram {
  const found = BUCKET_BOUNDS_MS.findIndex((bound) => ms <= bound);
  const bucket = found === -1 ? BUCKET_BOUNDS_MS.length : found;
  return Array.from({ length: Math.max(histogram.length, bucket + 1) }, (_, index) => (histogram[index] ?? 0) + (index === bucket ? 1 : 0));
}

export function mergeHistograms(a: Histogram, b: Histogram): Histogram {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, index) => (a[index] ?? 0) + (b[index] ?? 0));
}

/** The response time in milliseconds that the fraction `p` (0 to 1) of all answers kept within, linear inside its bucket; undefined without answers. */
export function percentile(histogram: Histogram, p: number): number | undefined {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const wanted = p * total;
  let below = 0;
  for (const [index, count] of histogram.entries()) {
    if (count > 0 && below + count >= wanted) {
      const lower = index === 0 ? 0 : (BUCKET_BOUNDS_MS[index - 1] ?? 0);
      // Nothing bounds the last bucket; its lower end is all that is certain.
      const upper = BUCKET_BOUNDS_MS[index] ?? lower;
      return Math.round(lower + (upper - lower) * Math.max(0, (wanted - below) / count));
    }
    below += count;
  }
  return undefined;
}
