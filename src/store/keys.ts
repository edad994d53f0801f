import { HOUR_MS, type RollupSpan, rollupKey } from '../core/rollup/rollup.ts';
import { DAY_MS } from '../core/time.ts';

/**
 * Row keys inside a target's partition (its id): `state`, `result_…`, `incident_…`, `hour_…`, `day_…`.
 * Results and incidents are read newest first, and a table only knows ascending order, so their times are counted down from the year 2286.
 */
export const STATE = 'state';

/** All summaries and the last cycle: one partition, so that one query reads them. A target id never starts with an underscore. */
export const FLEET = '_fleet';
export const LEASES = '_leases';
export const CYCLE = 'cycle';
export const SUMMARY_PREFIX = 'target_';

/** In the year 2286, epoch ms. */
export const END_OF_TIME = 9_999_999_999_999;
const DIGITS = 13;
/** The last instant of the year 9999, behind which keys would no longer be in the order of time. */
const LAST_YEAR = 253_402_300_799_999;

/** Ends every range of keys with a prefix: no key of ours has a character behind it. */
const BEHIND = '~';

export function resultKey(at: number): string {
  return `result_${countedDown(at)}`;
}

export function incidentKey(openedAt: number): string {
  return `incident_${countedDown(openedAt)}`;
}

export function rollupRowKey(span: RollupSpan, key: string): string {
  return `${span}_${key}`;
}

export function summaryKey(target: string): string {
  return `${SUMMARY_PREFIX}${target}`;
}

/** Epoch ms of a key made by `resultKey` or `incidentKey`. */
export function timeOfKey(rowKey: string): number {
  return END_OF_TIME - Number(rowKey.slice(rowKey.indexOf('_') + 1));
}

export interface KeyRange {
  readonly from: string;
  readonly before: string;
}

/** The keys of results or incidents from `from` (inclusive) until `before` (exclusive), epoch ms. */
export function timeRange(kind: 'result' | 'incident', from: number, before: number): KeyRange {
  return { from: `${kind}_${countedDown(before - 1)}`, before: `${kind}_${countedDown(from)}${BEHIND}` };
}

/** The keys of the hours or days that begin from `from` (inclusive) until `before` (exclusive), epoch ms. */
export function rollupRange(span: RollupSpan, from: number, before: number): KeyRange {
  return { from: firstRollupFrom(span, from), before: firstRollupFrom(span, before) };
}

function firstRollupFrom(span: RollupSpan, at: number): string {
  const length = span === 'hour' ? HOUR_MS : DAY_MS;
  return rollupRowKey(span, rollupKey(span, clamped(Math.ceil(at / length) * length, LAST_YEAR)));
}

/** Every key with this prefix. */
export function prefixRange(prefix: string): KeyRange {
  return { from: prefix, before: `${prefix}${BEHIND}` };
}

function countedDown(at: number): string {
  return String(END_OF_TIME - clamped(Math.floor(at), END_OF_TIME)).padStart(DIGITS, '0');
}

function clamped(at: number, most: number): number {
  return Math.min(Math.max(at, 0), most);
}
