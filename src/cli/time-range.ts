import { DAY_MS, isoDay, parseIsoTime } from '../core/time.ts';
import { UsageError } from './usage-error.ts';

const UNITS: Readonly<Record<string, number>> = { m: 60_000, min: 60_000, h: 3_600_000, d: DAY_MS, w: 7 * DAY_MS };

export interface TimeSpan {
  /** Epoch ms, inclusive. */
  readonly from: number;
  /** Epoch ms, exclusive. */
  readonly until: number;
}

/** What `--since` and `--until` mean; a day of `--until` is included. `now` in epoch ms, `defaultMs` is how far back without `--since`. */
export function timeSpan(since: string | undefined, until: string | undefined, defaultMs: number, now: number): TimeSpan {
  const end = until === undefined ? now + 1 : instant('--until', until, now, DAY_MS);
  const from = since === undefined ? end - defaultMs : instant('--since', since, now, 0);
  if (from >= end) throw new UsageError('--since is not before --until');
  return { from: Math.max(0, from), until: end };
}

function instant(option: string, text: string, now: number, addedToDay: number): number {
  const [, count, unit = ''] = /^(\d{1,6}) ?(m|min|h|d|w)$/.exec(text) ?? [];
  const unitMs = UNITS[unit];
  if (count !== undefined && unitMs !== undefined) return now - Number(count) * unitMs;
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text) ? parseIsoTime(`${text}T00:00Z`) : undefined;
  // Some engines take the 30th of February for the 2nd of March.
  if (day !== undefined && isoDay(day) === text) return day + addedToDay;
  const time = parseIsoTime(text);
  if (time !== undefined) return time;
  throw new UsageError(
    `${option} takes a time span such as 24h or 7d, a day such as 2026-11-20 (UTC), or a time such as 2026-11-20T14:00Z, not "${text.slice(0, 40)}"`,
  );
}
