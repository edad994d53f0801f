import { percentile } from './histogram.ts';
import { CONDITIONS_OVER_TIME, type Rollup } from './rollup.ts';

/** One hour or day in short, for bars and charts. */
export interface Slice {
  /** As in Rollup. */
  readonly key: string;
  /** Seconds in the order of CONDITIONS_OVER_TIME; trailing zeros are left out. */
  readonly seconds: readonly number[];
  /** Percentiles of the response time in milliseconds; absent without answers. */
  readonly p50?: number;
  readonly p95?: number;
}

export const KEPT_HOURS = 24;
export const KEPT_DAYS = 90;

export function sliceOf({ key, seconds, responseMs }: Rollup): Slice {
  const p50 = percentile(responseMs, 0.5);
  const p95 = percentile(responseMs, 0.95);
  const all = CONDITIONS_OVER_TIME.map((condition) => seconds[condition]);
  return {
    key,
    seconds: all.slice(0, all.findLastIndex((one) => one > 0) + 1),
    ...(p50 !== undefined && { p50 }),
    ...(p95 !== undefined && { p95 }),
  };
}

/**
 * The slices with newer ones, earliest first, put in the place of those with the same key; only the latest `keep` remain.
 * What lies after the last of them was written when the clock was ahead, and would stay the latest for ever.
 */
export function withSlices(slices: readonly Slice[], newer: readonly Slice[], keep: number): readonly Slice[] {
  const last = newer.at(-1);
  if (last === undefined) return slices;
  const byKey = new Map([...slices, ...newer].filter(({ key }) => key <= last.key).map((slice) => [slice.key, slice]));
  return [...byKey.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1)).slice(-keep);
}
