import { wasBlind } from '../monitor/overview.ts';
import type { TargetSummary } from '../monitor/summary.ts';
import { CONDITIONS_OVER_TIME, type ConditionOverTime, conditionOverTime, HOUR_MS, rollupKey } from '../rollup/rollup.ts';
import type { Slice } from '../rollup/slice.ts';
import type { Ink, Paint } from './paint.ts';

/** One result, or one hour, of a sparkline. */
export interface Cell {
  /** `none`: nothing is known of that time. */
  readonly condition: ConditionOverTime | 'none';
  /** Milliseconds; absent without answers. */
  readonly responseMs?: number;
}

const LEVELS = '▁▂▃▄▅▆▇█';

/** Upper bounds in milliseconds of all levels but the last. The same for every target, so that rows can be compared. */
const LEVEL_BOUNDS_MS = [150, 300, 600, 1_200, 2_400, 5_000, 10_000];

const MARKS: Readonly<Record<Exclude<Cell['condition'], 'up'>, string>> = {
  degraded: '!',
  down: '✗',
  unknown: '?',
  maintenance: '‖',
  none: '·',
};

const INKS: Readonly<Record<Cell['condition'], Ink>> = {
  up: 'good',
  degraded: 'caution',
  down: 'bad',
  unknown: 'unsure',
  maintenance: 'quiet',
  none: 'quiet',
};

/** The latest `width` cells, oldest first: the height of what works is its response time, what does not work is a mark. */
export function sparkline(cells: readonly Cell[], width: number, paint: Paint): string {
  const shown = cells.slice(-width);
  const runs: { readonly ink: Ink; text: string }[] = [];
  for (const cell of shown) {
    const ink = INKS[cell.condition];
    const last = runs.at(-1);
    if (last?.ink === ink) last.text += glyph(cell);
    else runs.push({ ink, text: glyph(cell) });
  }
  return runs.map(({ ink, text }) => paint(ink, text)).join('');
}

function glyph({ condition, responseMs = 0 }: Cell): string {
  if (condition !== 'up') return MARKS[condition];
  const level = LEVEL_BOUNDS_MS.findIndex((bound) => responseMs <= bound);
  return LEVELS.at(level) ?? '';
}

/** One cell for each of the last `count` hours, the present one included; hours that nobody watched too. `now` in epoch ms. */
export function hourCells(hours: readonly Slice[], now: number, count: number): readonly Cell[] {
  const byKey = new Map(hours.map((slice) => [slice.key, slice]));
  return Array.from({ length: count }, (_, index) => sliceCell(byKey.get(rollupKey('hour', now - (count - 1 - index) * HOUR_MS))));
}

/** The title of a column with so many hours. */
export function hoursTitle(count: number): string {
  return `last ${count} h`;
}

/** The worst that was seen for any time stands for the whole, because it is what people look for. */
export function sliceCell(slice: Pick<Slice, 'seconds' | 'p95'> | undefined): Cell {
  const seconds = (condition: ConditionOverTime): number => slice?.seconds[CONDITIONS_OVER_TIME.indexOf(condition)] ?? 0;
  const condition = (['down', 'degraded', 'up', 'unknown', 'maintenance'] as const).find((one) => seconds(one) > 0);
  return { condition: condition ?? 'none', ...(slice?.p95 !== undefined && { responseMs: slice.p95 }) };
}

/** The last result of a target as a cell. */
export function lastResultCell(summary: Pick<TargetSummary, 'verdict' | 'view' | 'maintenance'>): Cell {
  const { verdict, view, maintenance } = summary;
  const condition = wasBlind(summary) ? 'unknown' : conditionOverTime({ verdict, inMaintenance: maintenance !== undefined });
  return { condition, ...(view.responseMs !== undefined && { responseMs: view.responseMs }) };
}

/** What the marks mean. */
export const SPARKLINE_LEGEND = ['▁▄█ response time', '! degraded', '✗ down', '? unknown', '‖ maintenance', '· no data'] as const;
