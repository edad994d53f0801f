import { type Impact, impactOf, isBlind } from '../monitor/impact.ts';
import type { VerdictSeen } from '../monitor/state.ts';
import { DAY_MS, isoTime, parseIsoTime } from '../time.ts';
import { SEVERITIES, type Severity } from '../verdict/severity.ts';
import { addToHistogram, type Histogram, mergeHistograms } from './histogram.ts';

export const HOUR_MS = 3_600_000;

export type RollupSpan = 'hour' | 'day';

const SPAN_MS: Readonly<Record<RollupSpan, number>> = { hour: HOUR_MS, day: DAY_MS };

/** What was the matter in a stretch of time. Maintenance counts as neither up nor down, whatever was seen. */
export const CONDITIONS_OVER_TIME = ['up', 'degraded', 'down', 'unknown', 'maintenance'] as const;

export type ConditionOverTime = (typeof CONDITIONS_OVER_TIME)[number];

/** One hour or one day of one target. */
export interface Rollup {
  /** `2026-11-24T10` or `2026-11-24`, in UTC. */
  readonly key: string;
  /** Results by severity. */
  readonly counts: Readonly<Record<Severity, number>>;
  /** Seconds by condition; what is missing to the whole span is time without data. */
  readonly seconds: Readonly<Record<ConditionOverTime, number>>;
  /** Slowest answer of each result that had one. */
  readonly responseMs: Histogram;
}

/** What one result adds. Times in epoch ms. */
export interface RollupResult {
  readonly at: number;
  readonly verdict: VerdictSeen;
  readonly inMaintenance: boolean;
  /** Slowest answer; absent when there was none. */
  readonly responseMs?: number;
  /** Since when the result speaks for the target: the result before it, but never longer ago than it may reach. */
  readonly coversFrom: number;
}

export function rollupKey(span: RollupSpan, at: number): string {
  return isoTime(at).slice(0, span === 'hour' ? 13 : 10);
}

export function emptyRollup(key: string): Rollup {
  const counts = Object.fromEntries(SEVERITIES.map((severity) => [severity, 0])) as Record<Severity, number>;
  const seconds = Object.fromEntries(CONDITIONS_OVER_TIME.map((condition) => [condition, 0])) as Record<ConditionOverTime, number>;
  return { key, counts, seconds, responseMs: [] };
}

export function conditionOverTime({ verdict, inMaintenance }: Pick<RollupResult, 'verdict' | 'inMaintenance'>): ConditionOverTime {
  if (inMaintenance) return 'maintenance';
  return isBlind(verdict) ? 'unknown' : BY_IMPACT[impactOf(verdict)];
}

const BY_IMPACT: Readonly<Record<Impact, ConditionOverTime>> = { none: 'up', unknown: 'unknown', degraded: 'degraded', down: 'down' };

/** The keys of all spans that a result touches, earliest first; the last one is the span that it lies in. */
export function touchedKeys(span: RollupSpan, { at, coversFrom }: Pick<RollupResult, 'at' | 'coversFrom'>): readonly string[] {
  const keys: string[] = [];
  for (let start = startOf(span, Math.min(coversFrom, at)); start <= at; start += SPAN_MS[span]) keys.push(rollupKey(span, start));
  return keys;
}

/**
 * The rollup with the part of the result that lies in its span: its share of time, and the result itself where `at` lies.
 * A span never gets longer than it is: time that a clock has shown twice counts once.
 */
export function addResult(span: RollupSpan, rollup: Rollup, result: RollupResult): Rollup {
  const start = startOfKey(rollup.key);
  const share = wholeSeconds(Math.max(result.coversFrom, start), Math.min(result.at, start + SPAN_MS[span]));
  const room = SPAN_MS[span] / 1_000 - CONDITIONS_OVER_TIME.reduce((sum, one) => sum + rollup.seconds[one], 0);
  const condition = conditionOverTime(result);
  const seconds = { ...rollup.seconds, [condition]: rollup.seconds[condition] + Math.max(0, Math.min(share, room)) };
  if (rollupKey(span, result.at) !== rollup.key) return { ...rollup, seconds };
  const { severity } = result.verdict;
  return {
    key: rollup.key,
    counts: { ...rollup.counts, [severity]: rollup.counts[severity] + 1 },
    seconds,
    responseMs: result.responseMs === undefined ? rollup.responseMs : addToHistogram(rollup.responseMs, result.responseMs),
  };
}

/** Whole seconds between two instants (epoch ms), counted so that the parts of a stretch add up to the whole. */
function wholeSeconds(from: number, until: number): number {
  return Math.floor(until / 1_000) - Math.floor(from / 1_000);
}

/** The rollup with all that another one has grown by: a day stays the sum of its hours, to the second. */
export function addGrowth(rollup: Rollup, before: Rollup, after: Rollup): Rollup {
  const { counts, seconds, responseMs } = mergeRollups(rollup.key, [rollup, after]);
  return {
    key: rollup.key,
    counts: subtracted(counts, before.counts),
    seconds: subtracted(seconds, before.seconds),
    responseMs: responseMs.map((count, bucket) => count - (before.responseMs[bucket] ?? 0)),
  };
}

/** The sum of several rollups, under a key of its own. */
export function mergeRollups(key: string, rollups: readonly Rollup[]): Rollup {
  return rollups.reduce<Rollup>(
    (sum, { counts, seconds, responseMs }) => ({
      key,
      counts: added(sum.counts, counts),
      seconds: added(sum.seconds, seconds),
      responseMs: mergeHistograms(sum.responseMs, responseMs),
    }),
    emptyRollup(key),
  );
}

type Numbers<Key extends string> = Readonly<Record<Key, number>>;

function added<Key extends string>(a: Numbers<Key>, b: Numbers<Key>): Numbers<Key> {
  return combined(a, b, (one, other) => one + other);
}

function subtracted<Key extends string>(a: Numbers<Key>, b: Numbers<Key>): Numbers<Key> {
  return combined(a, b, (one, other) => one - other);
}

function combined<Key extends string>(a: Numbers<Key>, b: Numbers<Key>, combine: (one: number, other: number) => number): Numbers<Key> {
  return Object.fromEntries(Object.entries<number>(a).map(([key, value]) => [key, combine(value, b[key as Key])])) as Record<Key, number>;
}

/** Share of the judged time outside maintenance in which enrolment worked, 0 to 1; degraded time counts as working. undefined without any. */
export function uptime(rollups: readonly Rollup[]): number | undefined {
  const { up, degraded, down } = mergeRollups('', rollups).seconds;
  const judged = up + degraded + down;
  return judged === 0 ? undefined : (up + degraded) / judged;
}

function startOf(span: RollupSpan, at: number): number {
  return Math.floor(at / SPAN_MS[span]) * SPAN_MS[span];
}

/** Epoch ms of the first instant of a key. */
export function startOfKey(key: string): number {
  return parseIsoTime(key.length === 10 ? `${key}T00:00Z` : `${key}:00Z`) ?? Number.NaN;
}
