import type { Timeline, TimelineRow } from '../diagnose/log-summary.ts';
import { PLATFORM_NAMES } from '../diagnose/platform-names.ts';
import { durationText } from '../text/duration.ts';
import { DAY_MS, isoTime } from '../time.ts';
import type { Ink, Paint } from './paint.ts';

const LEVELS = '▁▂▃▄▅▆▇█';
const SOME_FAILED = '!';
const MOST_FAILED = '✗';
const UNTOLD = '▪';
const NOTHING = '·';

const GAP = '  ';
const TICK = '╷';

/** One row for each platform, one column for each span of time: how much was asked for, and where it failed. Empty when there is nothing to compare. */
export function timelinePicture(timeline: Timeline, width: number, paint: Paint): readonly string[] {
  const { leftOut = 0 } = timeline;
  const names = timeline.rows.map(({ platform }) => PLATFORM_NAMES[platform]);
  const column = Math.max(0, ...names.map((name) => name.length)) + GAP.length;
  const length = timeline.rows[0]?.ok.length ?? 0;
  if (length < 2 || width - column < 8) return [];
  const { rows, bucketMs } = fittedTo(timeline, width - column);
  const most = Math.max(
    1,
    ...rows.flatMap(({ ok, failed, untold }) => ok.map((count, index) => count + (failed[index] ?? 0) + (untold[index] ?? 0))),
  );
  return [
    `${' '.repeat(column)}${paint('quiet', axis(timeline.from, bucketMs, rows[0]?.ok.length ?? 0))}`,
    ...rows.map((row, index) => `${paint('strong', (names[index] ?? '').padEnd(column))}${picture(row, most, paint)}`),
    paint(
      'quiet',
      `each column ${durationText(bucketMs)}, from ${isoTime(timeline.from).slice(0, 16).replace('T', ' ')}Z${leftOut === 0 ? '' : `; ${leftOut} of another time left out`}`,
    ),
  ];
}

/** What the marks mean, for those that occur. */
export function timelineLegend({ rows }: Timeline): string {
  const some = (counts: (row: TimelineRow) => readonly number[]): boolean => rows.some((row) => counts(row).some((count) => count > 0));
  return [
    some(({ ok }) => ok) ? '▁▄█ answered well' : '',
    some(({ failed }) => failed) ? `${SOME_FAILED} some failed   ${MOST_FAILED} most failed` : '',
    some(({ untold }) => untold) ? `${UNTOLD} answer not in the log` : '',
    `${NOTHING} nothing`,
  ]
    .filter((part) => part !== '')
    .join('   ');
}

/** Neighbouring buckets become one until the picture fits. */
function fittedTo({ rows, bucketMs }: Timeline, columns: number): Pick<Timeline, 'rows' | 'bucketMs'> {
  const length = rows[0]?.ok.length ?? 0;
  const factor = Math.ceil(length / columns);
  if (factor <= 1) return { rows, bucketMs };
  const merged = (counts: readonly number[]): readonly number[] =>
    Array.from({ length: Math.ceil(length / factor) }, (_, index) =>
      counts.slice(index * factor, (index + 1) * factor).reduce((sum, one) => sum + one, 0),
    );
  return {
    rows: rows.map(({ platform, ok, failed, untold }) => ({ platform, ok: merged(ok), failed: merged(failed), untold: merged(untold) })),
    bucketMs: bucketMs * factor,
  };
}

interface Glyph {
  readonly ink: Ink;
  readonly text: string;
}

function picture({ ok, failed, untold }: TimelineRow, most: number, paint: Paint): string {
  const runs: { readonly ink: Ink; text: string }[] = [];
  for (const [index, good] of ok.entries()) {
    const { ink, text } = glyph(good, failed[index] ?? 0, untold[index] ?? 0, most);
    const last = runs.at(-1);
    if (last?.ink === ink) last.text += text;
    else runs.push({ ink, text });
  }
  return runs.map(({ ink, text }) => paint(ink, text)).join('');
}

/** A failure is what people look for, so it is shown instead of how much there was. */
function glyph(ok: number, failed: number, untold: number, most: number): Glyph {
  const all = ok + failed + untold;
  if (all === 0) return { ink: 'quiet', text: NOTHING };
  if (failed > 0) return failed * 2 >= all ? { ink: 'bad', text: MOST_FAILED } : { ink: 'caution', text: SOME_FAILED };
  if (ok === 0) return { ink: 'unsure', text: UNTOLD };
  // By the square root: one platform may ask a hundred times as often as another, and both are to be seen.
  const level = Math.round(Math.sqrt(all / most) * (LEVELS.length - 1));
  return { ink: 'good', text: LEVELS[level] ?? '█' };
}

/** Times above the columns at which they begin, as many as fit. */
function axis(from: number, bucketMs: number, columns: number): string {
  const label = labelOf(from, bucketMs, columns);
  let line = '';
  for (let column = 0; column < columns; column++) {
    if (column > 0 && column < line.length + 2) continue;
    const text = `${TICK}${label(from + column * bucketMs)}`;
    if (column > 0 && (column + text.length > columns || !isRound(from + column * bucketMs, bucketMs, columns))) continue;
    line = line.padEnd(column) + text;
  }
  return line;
}

/** Spans between two labels that read well, in milliseconds. */
const STEPS_MS: readonly number[] = [
  5_000,
  15_000,
  30_000,
  60_000,
  300_000,
  900_000,
  1_800_000,
  3_600_000,
  7_200_000,
  10_800_000,
  21_600_000,
  43_200_000,
  DAY_MS,
  2 * DAY_MS,
  7 * DAY_MS,
];

/** What a label needs at least, with its tick and a gap. */
const TIME_COLUMNS = 9;
const DAY_COLUMNS = 13;

function isRound(at: number, bucketMs: number, columns: number): boolean {
  const wanted = Math.max(bucketMs * (bucketMs >= 60_000 && bucketMs < DAY_MS ? TIME_COLUMNS : DAY_COLUMNS), (bucketMs * columns) / 8);
  const step = STEPS_MS.find((one) => one >= wanted && one % bucketMs === 0);
  return step === undefined || at % step < bucketMs;
}

function labelOf(from: number, bucketMs: number, columns: number): (at: number) => string {
  const span = bucketMs * columns;
  const days = isoTime(from).slice(0, 10) !== isoTime(from + span - 1).slice(0, 10);
  return (at) => {
    const text = isoTime(at);
    if (bucketMs >= DAY_MS) return text.slice(0, 10);
    const time = text.slice(11, bucketMs < 60_000 ? 19 : 16);
    return days && time.startsWith('00:00') ? `${text.slice(5, 10)} ${time}` : time;
  };
}
